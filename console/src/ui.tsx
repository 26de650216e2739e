import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiProblem } from './api.js';
import type { LoadedList } from './loading.js';

export function Alert({ error }: { error: Error | null }) {
  return error && <p role="alert">{error.message}</p>;
}

export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at}>
      {new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })}
    </time>
  );
}

export function State({ name }: { name: string }) {
  return <span class={`state ${name}`}>{name}</span>;
}

interface TableProps<T extends { id: string }> {
  list: LoadedList<T>;
  heads: string[];
  /** What to say when there is nothing. */
  none: string;
  row: (item: T) => ComponentChildren[];
}

export function Table<T extends { id: string }>({ list, heads, none, row }: TableProps<T>) {
  if (!list.items) return list.error ? <Alert error={list.error} /> : <p class="hint">Loading …</p>;
  return (
    <>
      <Alert error={list.error} />
      {list.items.length === 0 ? (
        <p class="hint">{none}</p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                {heads.map((head) => (
                  <th key={head}>{head}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {list.items.map((item) => (
                <tr key={item.id}>
                  {row(item).map((cell, index) => (
                    <td key={index}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {list.more && <button onClick={list.more}>Show more</button>}
    </>
  );
}

const AUTOCOMPLETE: Record<string, string> = { password: 'current-password', email: 'username' };

export interface FieldSpec {
  name: string;
  label: string;
  hint?: string;
  type?: 'text' | 'email' | 'password' | 'url';
  value?: string;
  required?: boolean;
  /** What a browser may fill in; by its type unless given. */
  autocomplete?: string;
  options?: readonly string[];
  /** A text of several lines. */
  long?: boolean;
}

interface FormProps {
  fields: FieldSpec[];
  action: string;
  /** Rejects with what is to be told beside the fields. */
  submit: (values: Record<string, string>) => Promise<void>;
  cancel?: () => void;
}

export function Form({ fields, action, submit, cancel }: FormProps) {
  const [problem, setProblem] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const told = problem instanceof ApiProblem ? problem.fields : {};
  // Beside its field a sentence says more than above all of them.
  const isToldBelow = isAllTold(told, fields);
  const onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Record<
      string,
      string
    >;
    setBusy(true);
    submit(values)
      .catch(setProblem)
      .finally(() => setBusy(false));
  };
  return (
    <form onSubmit={onSubmit}>
      {!isToldBelow && <Alert error={problem} />}
      {fields.map((field) => (
        <label key={field.name}>
          {field.label}
          <Input field={field} />
          {(told[field.name] ?? field.hint) && (
            <small class={told[field.name] ? 'wrong' : ''} role={told[field.name] ? 'alert' : undefined}>
              {told[field.name] ?? field.hint}
            </small>
          )}
        </label>
      ))}
      <div class="actions">
        {cancel && (
          <button type="button" class="quiet" onClick={cancel}>
            Cancel
          </button>
        )}
        <button class="main" disabled={isBusy}>
          {action}
        </button>
      </div>
    </form>
  );
}

function isAllTold(told: Record<string, string>, fields: FieldSpec[]): boolean {
  const wrong = Object.keys(told);
  return wrong.length > 0 && wrong.every((name) => fields.some((field) => field.name === name));
}

function Input({ field }: { field: FieldSpec }) {
  const { name, value, required, options, long, type = 'text' } = field;
  if (options)
    return (
      <select name={name}>
        {options.map((option) => (
          <option key={option} selected={option === value}>
            {option}
          </option>
        ))}
      </select>
    );
  if (long) return <textarea name={name} rows={5} spellcheck={false} defaultValue={value} />;
  const autocomplete = field.autocomplete ?? AUTOCOMPLETE[type] ?? 'off';
  const attributes = { name, type, defaultValue: value, required, autocomplete };
  // Their types do not allow for a type that is only known here.
  return <input {...(attributes as object)} />;
}

/** A form over the page; it closes when what it asks for is done. */
export function FormDialog({ title, close, ...form }: FormProps & { title: string; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog ref={dialog} onClose={close} aria-label={title}>
      <h2>{title}</h2>
      <Form {...form} submit={(values) => form.submit(values).then(close)} cancel={close} />
    </dialog>
  );
}

/** Asks before it does what cannot be undone. */
export function Danger({ label, question, act }: { label: string; question: string; act: () => void }) {
  return (
    <button class="danger" onClick={() => confirm(question) && act()}>
      {label}
    </button>
  );
}
