//! Rows of the same kind, set in columns.

use super::{WIDTH, render::width};

/// An entry in one line.
#[derive(Debug)]
pub struct Row {
    pub cells: Vec<Cell>,
    pub comment: Option<String>,
}

/// A part of a row that starts in a column.
#[derive(Debug)]
pub struct Cell {
    pub column: usize,
    /// How many of its characters stand before the column's mark: the heads of `->` and `<->` stand below each other.
    pub anchor: usize,
    pub text: String,
}

const COLUMNS: usize = 5;

/// A cell this much further right than the leftmost of its column stays where it is and moves no other.
const SLACK: usize = 16;

/// The rows as lines. A column is aligned unless that would make a line too wide.
pub fn align(rows: &[Row], indent: usize) -> Vec<String> {
    let mut lines: Vec<String> = rows.iter().map(|_| " ".repeat(indent)).collect();
    for column in 0..COLUMNS {
        set(rows, &mut lines, column);
    }
    comments(rows, &mut lines);
    lines
}

fn set(rows: &[Row], lines: &mut [String], column: usize) {
    let cell = |row: &'_ Row| row.cells.iter().position(|cell| cell.column == column);
    // Where the mark of each row's cell comes to stand with a single space before it.
    let natural: Vec<Option<usize>> = rows
        .iter()
        .zip(lines.iter())
        .map(|(row, line)| {
            cell(row).and_then(|at| row.cells.get(at)).map(|cell| width(line) + usize::from(column > 0) + cell.anchor)
        })
        .collect();
    let leftmost = natural.iter().flatten().min().copied().unwrap_or(0);
    let takes_part = |mark: usize| mark <= leftmost + SLACK;
    let mark = natural.iter().flatten().copied().filter(|mark| takes_part(*mark)).max().unwrap_or(0);
    let too_wide = rows.iter().zip(&natural).any(|(row, natural)| match (*natural, cell(row)) {
        (Some(own), Some(at)) if takes_part(own) => {
            let rest: usize = row.cells.iter().skip(at).map(|cell| 1 + width(&cell.text)).sum();
            let anchor = row.cells.get(at).map_or(0, |cell| cell.anchor);
            mark - anchor + rest - 1 > WIDTH
        }
        _ => false,
    });
    for ((row, line), own) in rows.iter().zip(lines).zip(&natural) {
        if let (Some(own), Some(cell)) = (*own, cell(row).and_then(|at| row.cells.get(at))) {
            let start = if too_wide || !takes_part(own) { own } else { mark } - cell.anchor;
            let gap = start - width(line);
            line.push_str(&" ".repeat(gap));
            line.push_str(&cell.text);
        }
    }
}

/// Comments stand two spaces behind the widest row that has one.
fn comments(rows: &[Row], lines: &mut [String]) {
    let found: Vec<(usize, usize)> = rows
        .iter()
        .zip(lines.iter())
        .filter_map(|(row, line)| Some((width(line), width(row.comment.as_ref()?))))
        .collect();
    let widest = found.iter().map(|(code, _)| *code).max().unwrap_or(0);
    let fits = found.iter().all(|(_, comment)| widest + 2 + comment <= WIDTH);
    for (row, line) in rows.iter().zip(lines) {
        if let Some(comment) = &row.comment {
            let gap = if fits { widest - width(line) + 2 } else { 2 };
            line.push_str(&" ".repeat(gap));
            line.push_str(comment);
        }
    }
}
