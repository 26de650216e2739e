import { createClient } from '@hey-api/openapi-ts';
import { join } from 'node:path';

/**
 * Writes the sources of the TypeScript client from the OpenAPI document in `root` to `folder`.
 * What it needs at run time is among them: the client has no dependencies.
 */
export async function generateClient(root, folder) {
  await createClient({
    input: join(root, 'openapi.json'),
    output: { path: folder, clean: true, entryFile: true, module: { extension: '.js' } },
    logs: { level: 'silent', file: false },
    plugins: [
      { name: '@hey-api/client-fetch', baseUrl: 'http://localhost:8000' },
      { name: '@hey-api/typescript', enums: false },
      {
        name: '@hey-api/sdk',
        operations: { strategy: 'single', containerName: 'DataPusher', methods: 'instance' },
      },
    ],
  });
}
