// Starts `hedgerow lsp` and connects it with the editor. Everything that is understood of a policy is understood there.

const { execFile } = require("node:child_process");
const path = require("node:path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function program() {
  return vscode.workspace.getConfiguration("hedgerow").get("path") || "hedgerow";
}

async function start() {
  const server = { command: program(), args: ["lsp"] };
  client = new LanguageClient("hedgerow", "hedgerow", server, { documentSelector: [{ language: "hedge" }] });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const choice = await vscode.window.showErrorMessage(
      `hedgerow: \`${server.command} lsp\` does not start (${error.message}). Install it with \`cargo install hedgerow\`, or say where it is.`,
      "Open Settings",
    );
    if (choice) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "hedgerow.path");
    }
  }
}

async function restart() {
  if (client) {
    await client.stop();
  }
  await start();
}

/** Shows what `hedgerow graph` draws of the policy, as it is saved, beside its text. */
function picture() {
  const document = vscode.window.activeTextEditor?.document;
  if (!document || document.languageId !== "hedge" || document.isUntitled) {
    vscode.window.showInformationMessage("hedgerow: open a policy that is saved in a file");
    return;
  }
  const file = document.fileName;
  execFile(program(), ["graph", file], { maxBuffer: 1 << 26 }, (error, svg, told) => {
    if (error) {
      vscode.window.showErrorMessage(`hedgerow: nothing was drawn. ${told.trim().split("\n")[0] || error.message}`);
      return;
    }
    const title = `${path.basename(file)}: picture`;
    const panel = vscode.window.createWebviewPanel("hedgerow.picture", title, vscode.ViewColumn.Beside, {});
    const policy = "default-src 'none'; style-src 'unsafe-inline'";
    panel.webview.html = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><body style="background:#fff">${svg}`;
  });
}

exports.activate = async (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand("hedgerow.restart", restart),
    vscode.commands.registerCommand("hedgerow.picture", picture),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("hedgerow.path") && restart()),
  );
  await start();
};

exports.deactivate = () => client?.stop();
