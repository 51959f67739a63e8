//! An editor: starts the server, speaks its protocol over the pipes, and writes down what was said.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::{Value, json};

pub struct Editor {
    child: Child,
    input: ChildStdin,
    output: Receiver<Value>,
    pub root: PathBuf,
    texts: BTreeMap<String, (String, i32)>,
    told: BTreeMap<String, Value>,
    next: i64,
    /// What was said, for a snapshot.
    pub transcript: String,
}

impl Editor {
    /// Starts the server on a folder with some files and opens one of them.
    pub fn start(name: &str, files: &[(&str, &str)]) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lsp-{name}"));
        let _ = fs::remove_dir_all(&root);
        for (file, text) in files {
            let path = root.join("net").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_hedgerow"))
            .args(["lsp", "--today", "2026-11-27"])
            .env("XDG_CACHE_HOME", root.join("cache"))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let (sender, output) = channel();
        std::thread::spawn(move || {
            while let Some(message) = message(&mut reader) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut editor = Self {
            child,
            input,
            output,
            root,
            texts: BTreeMap::new(),
            told: BTreeMap::new(),
            next: 0,
            transcript: String::new(),
        };
        let folder = editor.uri("").trim_end_matches('/').to_owned();
        let hello = json!({
            "capabilities": { "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } },
            "workspaceFolders": [{ "uri": folder, "name": "net" }],
        });
        let answer = editor.ask("initialize", hello);
        assert_eq!(answer["serverInfo"]["name"], "hedgerow");
        editor.tell("initialized", json!({}));
        editor
    }

    pub fn uri(&self, file: &str) -> String {
        format!("file://{}/net/{file}", self.root.display())
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    pub fn tell(&mut self, method: &str, parameters: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": parameters }));
    }

    /// A request and its answer: the result, or the error.
    pub fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }));
        loop {
            let message = self.receive();
            if message["id"] == id && message.get("method").is_none() {
                return match message.get("error") {
                    Some(error) => json!({ "error": error["message"] }),
                    None => message["result"].clone(),
                };
            }
        }
    }

    fn receive(&mut self) -> Value {
        let message = self.output.recv_timeout(Duration::from_secs(60)).expect("the server says nothing");
        if message["method"] == "textDocument/publishDiagnostics" {
            let uri = message["params"]["uri"].as_str().unwrap().to_owned();
            self.told.insert(uri, message["params"].clone());
        }
        message
    }

    pub fn open(&mut self, file: &str) {
        let uri = self.uri(file);
        let text = fs::read_to_string(self.root.join("net").join(file)).unwrap();
        self.open_uri(&uri, &text);
    }

    pub fn open_uri(&mut self, uri: &str, text: &str) {
        self.texts.insert(uri.to_owned(), (text.to_owned(), 1));
        let document = json!({ "uri": uri, "languageId": "hedge", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces the first piece of an open text that is equal to `old`, as typing would.
    pub fn edit(&mut self, file: &str, old: &str, new: &str) {
        let uri = self.uri(file);
        let (text, version) = self.texts.get_mut(&uri).unwrap();
        let at = text.find(old).unwrap_or_else(|| panic!("there is no `{old}`"));
        let range = json!({ "start": position(text, at), "end": position(text, at + old.len()) });
        text.replace_range(at..at + old.len(), new);
        *version += 1;
        let document = json!({ "uri": uri, "version": version });
        let change = json!({ "range": range, "text": new });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [change] }));
    }

    /// Replaces the whole of an open text.
    pub fn replace(&mut self, file: &str, new: &str) {
        let uri = self.uri(file);
        let (text, version) = self.texts.get_mut(&uri).unwrap();
        new.clone_into(text);
        *version += 1;
        let document = json!({ "uri": uri, "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [{ "text": new }] }));
    }

    /// Asks at the end of an open text.
    pub fn at_end(&mut self, method: &str, file: &str) -> Value {
        let uri = self.uri(file);
        let text = &self.texts[&uri].0;
        let parameters = json!({ "textDocument": { "uri": uri }, "position": position(text, text.len()) });
        self.ask(&format!("textDocument/{method}"), parameters)
    }

    /// What was found in a file, once its newest text has been checked.
    pub fn diagnostics(&mut self, file: &str) -> Value {
        let uri = self.uri(file);
        let version = self.texts.get(&uri).map(|(_, version)| *version);
        loop {
            let current = self.told.get(&uri).filter(|told| version.is_none_or(|version| told["version"] == version));
            if let Some(told) = current {
                let found = told["diagnostics"].clone();
                self.note(&format!("found in {file}"), &found);
                return found;
            }
            self.receive();
        }
    }

    /// Asks about a place: `|` in the pattern says where in the text it is.
    pub fn at(&mut self, method: &str, file: &str, pattern: &str, more: Value) -> Value {
        let uri = self.uri(file);
        let text = &self.texts[&uri].0;
        let cursor = pattern.find('|').unwrap();
        let words = pattern.replacen('|', "", 1);
        let at = text.find(&words).unwrap_or_else(|| panic!("there is no `{words}`")) + cursor;
        let mut parameters = json!({ "textDocument": { "uri": uri }, "position": position(text, at) });
        parameters.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let answer = self.ask(&format!("textDocument/{method}"), parameters);
        self.note(&format!("{method} at {pattern}"), &answer);
        answer
    }

    /// Asks about a whole file.
    pub fn of(&mut self, method: &str, file: &str, more: Value) -> Value {
        let mut parameters = json!({ "textDocument": { "uri": self.uri(file) } });
        parameters.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.ask(&format!("textDocument/{method}"), parameters)
    }

    /// The labels of what is offered at a place.
    pub fn offered(&mut self, file: &str, pattern: &str) -> Vec<String> {
        let before = self.transcript.len();
        let answer = self.at("completion", file, pattern, json!({}));
        self.transcript.truncate(before);
        answer.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    }

    pub fn note(&mut self, title: &str, value: &Value) {
        let text = serde_json::to_string_pretty(value).unwrap();
        let text = text.replace(&self.root.display().to_string(), "ROOT").replace(env!("CARGO_PKG_VERSION"), "VERSION");
        self.transcript += &format!("--- {title}\n{text}\n");
    }

    pub fn text(&self, file: &str) -> &str {
        &self.texts[&self.uri(file)].0
    }

    pub fn end(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Line and UTF-16 column of a byte.
pub fn position(text: &str, at: usize) -> Value {
    let before = &text[..at];
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap().encode_utf16().count();
    json!({ "line": line, "character": column })
}

/// A number of the protocol.
pub fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

/// A text after some edits.
pub fn applied(text: &str, edits: &Value) -> String {
    let offset = |position: &Value| {
        let line = number(&position["line"]);
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let mut units = number(&position["character"]);
        let mut at = start;
        for character in text[start..].chars() {
            if units == 0 {
                break;
            }
            units -= character.len_utf16();
            at += character.len_utf8();
        }
        at
    };
    let mut list: Vec<(usize, usize, &str)> = edits
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(&range["start"]), offset(&range["end"]), edit["newText"].as_str().unwrap())
        })
        .collect();
    list.sort_unstable();
    let mut out = text.to_owned();
    for (start, end, new) in list.into_iter().rev() {
        out.replace_range(start..end, new);
    }
    out
}

fn message(reader: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(number) = line.strip_prefix("Content-Length: ") {
            length = number.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
