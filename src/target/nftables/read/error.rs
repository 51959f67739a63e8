//! Why a file could not be read at all.

use thiserror::Error;

/// A file that nft would refuse, or that holds something without which no verdict can be given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    #[error("line {line}, column {column}: expected {expected}, found {found}")]
    Syntax { line: u32, column: u32, expected: &'static str, found: String },
    #[error("line {line}: `${name}` is not defined")]
    UndefinedVariable { line: u32, name: String },
    #[error("line {line}: the included file `{path}` is not available")]
    Include { line: u32, path: String },
    #[error("line {line}: there is no {kind} `{name}` in table `{table}`")]
    Missing { line: u32, kind: &'static str, name: String, table: String },
    #[error("line {line}: table `{name}` does not exist")]
    MissingTable { line: u32, name: String },
    #[error(
        "line {line}: chain `{name}` would translate before connections are known (priority -200), which the kernel refuses"
    )]
    TooEarly { line: u32, name: String },
    #[error("line {line}: chain `{name}` calls itself, or is called more than 16 deep")]
    CallDepth { line: u32, name: String },
    #[error("line {line}: `{command}` cannot be followed without the rules that are already loaded")]
    Command { line: u32, command: String },
    #[error("the rules are too entangled to be evaluated within bounds")]
    TooLarge,
    #[error("{}{why}", at(*line))]
    Json { line: u32, why: String },
    #[error("{}{why}", of(file, *line))]
    Save { file: String, line: u32, why: String },
}

fn at(line: u32) -> String {
    if line == 0 { String::new() } else { format!("line {line}: ") }
}

fn of(file: &str, line: u32) -> String {
    match (file, line) {
        ("", line) => at(line),
        (file, 0) => format!("{file}: "),
        (file, line) => format!("{file}:{line}: "),
    }
}
