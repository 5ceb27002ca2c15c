/** How the page looks, in the light and in the dark. */
export const style = `
:root { color-scheme: light dark; --line: #8884; --quiet: #8881; --accent: light-dark(#0b57d0, #8ab4f8); }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; background: light-dark(#fff, #16181c); color: light-dark(#1d1f23, #e4e6ea); }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem 6rem; }
h1 { font-size: 1.9rem; margin: 0 0 .5rem; }
h2 { margin: 3rem 0 .5rem; }
h3 { margin: 0 0 .5rem; font-size: 1.1rem; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre { font: .9em/1.5 ui-monospace, 'DejaVu Sans Mono', monospace; }
nav { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; margin: 1.5rem 0; }
nav section { padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; }
nav h2 { margin: 0 0 .3rem; font-size: 1rem; }
nav ul { margin: 0; padding: 0; list-style: none; }
article { margin: 1rem 0; padding: 1.2rem; border: 1px solid var(--line); border-radius: .5rem; overflow-x: auto; }
article p { margin: .3rem 0; }
.route { font-size: .9rem; opacity: .8; }
table { width: 100%; margin: .8rem 0; border-collapse: collapse; font-size: .9rem; }
th, td { padding: .35rem .6rem .35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 600; opacity: .7; }
td:nth-child(-n + 3) { white-space: nowrap; }
pre { margin: .5rem 0 0; padding: .8rem; overflow-x: auto; border-radius: .4rem; background: var(--quiet); }
summary { cursor: pointer; color: var(--accent); font-size: .9rem; }
`;
