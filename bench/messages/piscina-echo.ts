import type { Body } from './body.ts';

export default (message: Body): Body => message;
