/** The page where Admins sign in to the board. `problem` is one of our own sentences, never what was typed. */
export function signInPage(problem: string | null): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Data Pusher queues</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { min-height: 100vh; margin: 0; display: grid; place-items: center; background: Canvas; color: CanvasText; }
  main { width: min(22rem, calc(100vw - 3rem)); }
  h1 { font-size: 1.35rem; margin: 0 0 .25rem; }
  p { margin: 0 0 1.25rem; opacity: .75; }
  label { display: block; margin-bottom: 1rem; font-size: .9rem; }
  input { display: block; width: 100%; box-sizing: border-box; margin-top: .3rem; padding: .6rem .7rem; font: inherit;
    border: 1px solid #8888; border-radius: .4rem; background: Field; color: FieldText; }
  button { width: 100%; padding: .65rem; font: inherit; font-weight: 600; border: 0; border-radius: .4rem;
    background: #2557d6; color: #fff; cursor: pointer; }
  input:focus-visible, button:focus-visible { outline: 3px solid #7aa2ff; outline-offset: 1px; }
  [role=alert] { opacity: 1; padding: .6rem .7rem; border-radius: .4rem; background: #c6282822; border: 1px solid #c62828; }
</style>
</head>
<body>
<main>
  <h1>Data Pusher queues</h1>
  <p>Sign in as an Admin to see what is being delivered.</p>
  ${problem ? `<p role="alert">${problem}</p>` : ''}
  <form method="post" action="/queues/login">
    <label>E-mail <input name="email" type="email" autocomplete="username" required autofocus></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
    <button>Sign in</button>
  </form>
</main>
</body>
</html>
`;
}
