//! Findings as commands for the log of a GitHub workflow, which shows them beside the lines of a pull request.

use super::{Found, place::Place};
use crate::diagnostic::Severity;

/// One line a finding: `::error file=main.hedge,line=3,col=1,title=unknown-name::…`
#[must_use]
pub fn github(found: &[Found<'_>]) -> String {
    let mut text = String::new();
    for found in found {
        for diagnostic in found.diagnostics {
            let Place { file, line, column, end_line, end_column } = Place::of(diagnostic.primary.span, found);
            let command = match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "notice",
            };
            let mut message = diagnostic.message.clone();
            let further = diagnostic.notes.iter().map(|note| ("note", note));
            for (word, line) in further.chain(diagnostic.help.iter().map(|help| ("help", help))) {
                message += &format!("\n{word}: {line}");
            }
            text += &format!(
                "::{command} file={},line={line},endLine={end_line},col={column},endColumn={end_column},title={}::{}\n",
                property(&file),
                property(diagnostic.code),
                data(&message)
            );
        }
    }
    text
}

/// What may not stand in a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What may not stand in a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
