// esbuild puts the styles that a script imports into one file beside it.
declare module '*.css';
