//! A policy rendered for pfSense, and what came out read by a parser that is not hedgerow's.

#[path = "settings.rs"]
pub mod settings;

use hedgerow::{
    compile::{self, Checked},
    diagnostic::{Diagnostic, Human},
    plan::{Request, rulebook},
    router::File,
    target::pfsense,
    world::Memory,
};
use roxmltree::Node;

fn checked(path: &str, policy: &str) -> Checked {
    let world = Memory { date: jiff::civil::date(2026, 11, 23), files: settings::settings() };
    compile::check(path, policy, &world)
}

/// The files of a policy that is called so.
pub fn render_as(path: &str, policy: &str, base: &[File]) -> Result<Vec<File>, Vec<Diagnostic>> {
    let checked = checked(path, policy);
    let Some(meant) = &checked.meant else { panic!("{:#?}", checked.diagnostics) };
    let standing = meant.standing.on(&checked.network, "pfsense");
    let book = rulebook(&checked.network, &meant.meaning)?;
    let (network, sources) = (&checked.network, &checked.sources);
    pfsense::render::render(&Request { network, standing: &standing, book: &book, sources, policy: path, base })
}

/// The files of a policy.
pub fn render(policy: &str, base: &[File]) -> Vec<File> {
    render_as("home.hedge", policy, base).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// What is said about a policy that is not compiled.
pub fn refused(policy: &str, base: &[File]) -> String {
    let sources = checked("home.hedge", policy).sources;
    let errors = render_as("home.hedge", policy, base).expect_err("it is refused");
    let human = Human::new(&sources, false);
    errors.iter().map(|error| human.render(error) + "\n\n").collect()
}

/// The texts of all elements at a path.
pub fn texts<'a>(node: Node<'a, 'a>, path: &[&str]) -> Vec<&'a str> {
    let Some((first, rest)) = path.split_first() else { return vec![node.text().unwrap_or("").trim()] };
    node.children().filter(|child| child.has_tag_name(*first)).flat_map(|child| texts(child, rest)).collect()
}

/// The text of the first of them.
pub fn text<'a>(node: Node<'a, 'a>, path: &[&str]) -> &'a str {
    texts(node, path).first().copied().unwrap_or("")
}

/// The elements at a path.
pub fn items<'a>(node: Node<'a, 'a>, path: &[&str]) -> Vec<Node<'a, 'a>> {
    let Some((first, rest)) = path.split_first() else { return vec![node] };
    node.children().filter(|child| child.has_tag_name(*first)).flat_map(|child| items(child, rest)).collect()
}
