import { fileURLToPath } from 'node:url';

/** This file is as deep as the bundle it becomes a part of for npm run prove. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

export const faultBuild = `${root}dist/fault-build/app/`;
