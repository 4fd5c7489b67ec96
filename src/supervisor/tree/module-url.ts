/**
 * The URL of a module beside the calling one, with the caller's own extension: `.ts` in a clone, `.js` in the
 * published package. `tsc` rewrites import specifiers but no strings, so worker modules are named through here.
 */
export function siblingModule(callerUrl: string, path: string): URL {
  const extension = callerUrl.slice(callerUrl.lastIndexOf('.'));
  return new URL(`${path}${extension}`, callerUrl);
}
