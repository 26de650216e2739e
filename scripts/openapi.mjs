import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { generateClient } from './openapi/client.mjs';
import { prepare, root } from './prepare.mjs';
import { readOptions } from './usage.mjs';

readOptions('openapi', 'Writes openapi.json and the TypeScript client in clients/typescript/generated.');

await prepare({ build: true, dev: true });

const { readOpenApi } = await import(pathToFileURL(join(root, 'dist/src/openapi.js')).href);
const document = await readOpenApi();
writeFileSync(join(root, 'openapi.json'), `${JSON.stringify(document, null, 2)}\n`);
await generateClient(root, join(root, 'clients/typescript/generated'));
console.log(
  `Wrote openapi.json, ${Object.keys(document.paths).length} paths, and clients/typescript/generated.`,
);
