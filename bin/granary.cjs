#!/usr/bin/env node
// Written so that any Node.js still in use can read it: this file has to say what is wrong when the runtime is too
// old for all the others.
'use strict';

var fs = require('node:fs');
var os = require('node:os');
var path = require('node:path');

var NEEDED = [24, 21];
var root = path.join(__dirname, '..');

function recentEnough(version) {
  var parts = version.split('.').map(Number);
  return parts[0] > NEEDED[0] || (parts[0] === NEEDED[0] && parts[1] >= NEEDED[1]);
}

if (recentEnough(process.versions.node)) run();
else runPinned();

/** The command line itself: sources in a clone, compiled in the published package. */
function run() {
  // One libuv pool a process, sized before its first use; disks and DNS share it.
  if (!process.env.UV_THREADPOOL_SIZE) {
    process.env.UV_THREADPOOL_SIZE = String(Math.min(64, Math.max(8, 4 * os.cpus().length)));
  }
  // Worker threads cannot set it: keys and sockets are made by them.
  process.umask(0o077);
  keepCompiled();
  var source = path.join(root, 'src', 'cli', 'main.ts');
  var main = fs.existsSync(source) ? source : path.join(root, 'dist', 'main', 'main.js');
  import(require('node:url').pathToFileURL(main).href).catch((error) => {
    console.error(error);
    process.exit(1);
  });
}

/**
 * Every thread loads much the same modules: what one of them compiled is kept for all, and for the next start. Halves a
 * start, and a fifth of the memory. NODE_COMPILE_CACHE names another folder, NODE_DISABLE_COMPILE_CACHE turns it off.
 */
function keepCompiled() {
  var cache = process.env.XDG_CACHE_HOME || (process.env.HOME && path.join(process.env.HOME, '.cache'));
  if (process.env.NODE_COMPILE_CACHE || !cache || !path.isAbsolute(cache)) return;
  // Worker threads read it from the environment, this thread is past that.
  process.env.NODE_COMPILE_CACHE = path.join(cache, 'granary', 'compiled');
  require('node:module').enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

/** A clone brings the right Node.js with it: hand over to that, and be as good as not there. */
function runPinned() {
  var pinned = path.join(root, 'node_modules', 'node', 'bin', 'node');
  if (process.env.GRANARY_PINNED || !fs.existsSync(pinned)) {
    process.stderr.write(
      'granary needs Node.js 24.21 or newer; this is ' +
        process.versions.node +
        ': install a newer one from https://nodejs.org\n',
    );
    process.exit(2);
  }
  var child = require('node:child_process').spawn(
    pinned,
    process.execArgv.concat([__filename], process.argv.slice(2)),
    // The mark keeps a wrong binary in that place from starting itself for ever.
    { stdio: 'inherit', env: Object.assign({}, process.env, { GRANARY_PINNED: '1' }) },
  );
  var signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
  signals.forEach((signal) => {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole group: the child has it already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  });
  child.on('error', (error) => {
    process.stderr.write(`granary: the pinned Node.js does not start: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code);
    signals.forEach((name) => {
      process.removeAllListeners(name);
    });
    process.kill(process.pid, signal);
  });
}
