/** Returns the document of every page; what it shows is the script's. */
export const pageHtml = (nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Console</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/console.css" nonce="${nonce}">
</head>
<body>
<noscript>This page needs JavaScript; in a terminal there is npm run ops -- status.</noscript>
<script type="module" src="/assets/console.js" nonce="${nonce}"></script>
</body>
</html>
`;
