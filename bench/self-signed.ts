export { selfSigned } from '../src/protocol/crypto/self-signed.ts';
