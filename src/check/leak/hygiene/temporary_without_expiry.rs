//! A rule or an exposure is there for a while, and nothing says until when.

use super::{
    super::{Finding, Outcome, Subject, subject::warning},
    options::opened,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    for opened in opened(subject).into_iter().filter(|one| one.options.temporary && one.options.until.is_none()) {
        let diagnostic = warning(opened.span, format!("this {} is temporary, and has no end", opened.word))
            .label("marked `temporary`")
            .help("give it a date: `until 2027-01-31`");
        found.push(Finding::ends(diagnostic, opened.from, opened.to));
    }
    Outcome::Decided(found)
}
