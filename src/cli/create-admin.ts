import { isEmail } from 'class-validator';
import { type Command, InvalidArgumentError } from 'commander';
import { DataSource } from 'typeorm';
import { fromCli, withOrigin } from '../audit/audit-origin.js';
import { Audit } from '../audit/audit.service.js';
import { RegisterDto } from '../auth/auth.dto.js';
import { Problem } from '../common/errors/problem.js';
import { createValidationPipe } from '../common/http/validation.js';
import { Passwords, refuseWeakPassword } from '../users/passwords.js';
import { toUserView } from '../users/users.dto.js';
import { UsersService } from '../users/users.service.js';
import { withServices } from './installation.js';
import { CommandFailed, say } from './output.js';
import { readPassword } from './password-prompt.js';

const DETAILS = `
The password is asked for without being shown; where stdin is no terminal its first line is the password:
  printf '%s\\n' "$PASSWORD" | npm run --silent cli -- create-admin ann@example.com
It is never an argument, which other users of the machine could read.`;

export function createAdminCommand(program: Command): void {
  program
    .command('create-admin')
    .description('make a user who is Admin, whatever REGISTRATION says')
    .argument('<email>', 'what the Admin signs in with', readEmail)
    .option('--promote', 'make the user who has this e-mail already Admin; no password is asked for')
    .addHelpText('after', DETAILS)
    .action((email: string, { promote }: { promote?: boolean }) =>
      promote ? promoteUser(email) : createAdmin(email),
    );
}

function readEmail(text: string): string {
  const email = text.trim().toLowerCase();
  if (!isEmail(email))
    throw new InvalidArgumentError('It must be an e-mail address such as ann@example.com.');
  return email;
}

const MAY_BE_FIRST = { migrates: true };

async function createAdmin(email: string): Promise<void> {
  const password = await readPassword();
  // The rules of a registration.
  await createValidationPipe().transform({ email, password }, { type: 'body', metatype: RegisterDto });
  refuseWeakPassword('password', password, email);
  await withServices(async (services) => {
    const passwordHash = await services.get(Passwords).hash(password);
    const user = { email, passwordHash, role: 'Admin', createdBy: null } as const;
    await services
      .get(DataSource)
      .transaction(async (manager) => {
        const created = await services.get(UsersService).create(user, manager);
        const target = { type: 'user', id: created.id };
        await withOrigin(fromCli('createAdmin'), () =>
          services.get(Audit).record(manager, { target, after: toUserView(created) }),
        );
      })
      .catch(explainTaken(email));
    say(`${email} is Admin now.`);
  }, MAY_BE_FIRST);
}

async function promoteUser(email: string): Promise<void> {
  await withServices(async (services) => {
    await services.get(DataSource).transaction(async (manager) => {
      const change = await services.get(UsersService).makeAdmin(email, manager);
      if (!change) throw new CommandFailed(`There is no user ${email}. Leave out --promote to make one.`);
      const [before, after] = change.map(toUserView);
      await withOrigin(fromCli('promoteAdmin'), () =>
        services.get(Audit).record(manager, { target: { type: 'user', id: after!.id }, before, after }),
      );
    });
    say(`${email} is Admin now.`);
  });
}

const explainTaken =
  (email: string) =>
  (error: unknown): never => {
    if (error instanceof Problem && error.code === 'email_taken')
      throw new CommandFailed(
        `There is a user ${email} already; nothing was changed. Add --promote to make that user Admin, password and all as it is.`,
      );
    throw error;
  };
