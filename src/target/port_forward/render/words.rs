//! Text from a policy, made harmless for each form that it is written into.

/// In one line, without anything that a terminal or a program could take for more than text.
pub fn plain(text: &str) -> String {
    let safe = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().map(safe).collect::<String>().trim().to_owned()
}

/// One word of a POSIX shell, whatever is in it.
pub fn shell(text: &str) -> String {
    format!("'{}'", plain(text).replace('\'', "'\\''"))
}

/// A cell of a table in Markdown.
pub fn cell(text: &str) -> String {
    cell_of(&plain(text))
}

fn cell_of(text: &str) -> String {
    let mut safe = String::new();
    for letter in text.chars() {
        if "\\`*_[]<>|#!&".contains(letter) {
            safe.push('\\');
        }
        safe.push(letter);
    }
    safe
}

/// A sentence of hedgerow's own in Markdown, with names of the policy between backticks: within these nothing has to be
/// made harmless, and a backslash would be shown.
pub fn sentence(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return cell(text);
    }
    let piece = |(index, piece): (usize, &&str)| if index % 2 == 0 { cell_of(piece) } else { format!("`{piece}`") };
    plain(&pieces.iter().enumerate().map(piece).collect::<String>())
}

/// A cell that no spreadsheet takes for a formula.
pub fn sheet(text: &str) -> String {
    let text = plain(text);
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}

/// Letters, digits, `-` and `_`, at most so many: what every router takes for a name.
pub fn name(text: &str, length: usize) -> String {
    let safe = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    text.chars().map(|letter| if safe(letter) { letter } else { '-' }).take(length).collect()
}
