import { cpuMs } from './backend-cpu.mjs';

const TIMES = 15;
const ADMIN = { id: '01920000-0000-7000-8000-000000000001', email: 'bench@example.com', role: 'Admin' };

/** The lists of the product on a database, with the statements they send. */
export async function openLists(DataSource, connection) {
  const load = (path) => import(`../../dist/src/${path}.js`);
  const { typeormOptions } = await load('database/database.options');
  const { entities } = await load('entities');
  const { Account } = await load('accounts/account.entity');
  const { Member } = await load('members/member.entity');
  const { AccountsService } = await load('accounts/accounts.service');
  const { MembersService } = await load('members/members.service');
  const { DestinationsService } = await load('destinations/destinations.service');
  const { LogsService } = await load('logs/logs.service');
  const { LogSearch } = await load('logs/log-search');
  const { FlatLogsService } = await load('logs/flat-logs.service');
  const { TextSearch } = await load('search/text-search');
  const { AccountAccessFinder } = await load('auth/account-access');
  let sent = [];
  const logger = { logQuery: (text, values) => sent.push({ text, values }) };
  for (const name of ['logQueryError', 'logQuerySlow', 'logSchemaBuild', 'logMigration', 'log'])
    logger[name] = () => {};
  const dataSource = await new DataSource({
    ...typeormOptions(connection),
    entities,
    logging: ['query'],
    logger,
  }).initialize();
  const accounts = new AccountsService(dataSource, dataSource.getRepository(Account), {
    reveal: async () => new Map(),
  });
  const members = new MembersService(dataSource, dataSource.getRepository(Member));
  // The list of destinations opens no secret here: reading it is what is timed.
  const destinations = new DestinationsService(dataSource);
  destinations.view = (row) => ({ id: row.id });
  const logs = new LogsService(dataSource, new LogSearch(dataSource, new TextSearch(dataSource)));
  const flatLogs = new FlatLogsService(dataSource, logs);
  const finder = new AccountAccessFinder(dataSource);
  const page = (query) => ({ limit: 50, ...query });
  /** The accounts that a caller may see, as the guard finds them before each call. */
  const scopeOf = async (user, operation) => {
    const request = { user, params: {}, query: {} };
    await finder.admit(request, operation);
    return request.scope;
  };
  return {
    all: {
      accounts: (query, caller = ADMIN) => accounts.list(page(query), caller),
      members: async (query, caller = ADMIN) =>
        members.list(await scopeOf(caller, 'listAllMembers'), page(query)),
      destinations: async (query, caller = ADMIN) =>
        destinations.list(await scopeOf(caller, 'listAllDestinations'), page(query)),
      logs: async (query, caller = ADMIN) => flatLogs.list(await scopeOf(caller, 'listAllLogs'), page(query)),
    },
    members: (accountId, query) => members.list([{ accountId, role: 'Admin' }], page(query)),
    destinations: (accountId, query) => destinations.list([{ accountId, role: 'Admin' }], page(query)),
    logs: (accountId, query) => logs.list(accountId, page(query)),
    close: () => dataSource.destroy(),
    /** Milliseconds at the database, the statements of one call, the rows of the page and whether there is more. */
    async time(client, call) {
      sent = [];
      const { data, page: info } = await call();
      const statements = sent;
      const costs = { ms: 0, planning: 0, cpu: 0 };
      for (const { text, values } of statements) {
        const runs = [];
        for (let time = 0; time < TIMES; time++) runs.push(await explain(client, text, values));
        for (const cost of Object.keys(costs)) costs[cost] += Math.min(...runs.map((run) => run[cost]));
      }
      return {
        ...Object.fromEntries(Object.entries(costs).map(([cost, spent]) => [cost, round(spent)])),
        statements: statements.length,
        rows: data.length,
        more: info.next !== null,
      };
    },
  };
}

/** Planning and execution by the clock, and what the backend had of a core meanwhile, where Linux tells. */
async function explain(client, text, values) {
  const before = cpuMs(client);
  const { rows } = await client.query(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`, values);
  const [plan] = rows[0]['QUERY PLAN'];
  const planning = plan['Planning Time'];
  return { ms: planning + plan['Execution Time'], planning, cpu: cpuMs(client) - before };
}

const round = (ms) => Math.round(ms * 10) / 10;
