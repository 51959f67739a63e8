//! The examples of the documentation are policies, or parts of policies, without errors; and what the README shows is
//! what the program says.

use std::path::PathBuf;

use hedgerow::{
    compile,
    diagnostic::{Diagnostic, Human, Sources},
    model::{attributes_of, resolve},
    reach, report,
    syntax::{STATEMENTS, parse},
    target::Target,
    world::Memory,
};

/// A block of policy in a page.
struct Block {
    /// The page, and the line that it starts in.
    place: String,
    text: String,
    /// Is it no whole policy (`hedge,fragment`)? Then names in it may be declared elsewhere.
    fragment: bool,
}

/// The `hedge` blocks of a page.
fn blocks(path: &str, page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut inside = false;
    for (number, line) in page.lines().enumerate() {
        match line.trim_start() {
            mark @ ("```hedge" | "```hedge,fragment") => {
                inside = true;
                found.push(Block {
                    place: format!("{path} (block at line {})", number + 2),
                    text: String::new(),
                    fragment: mark.ends_with("fragment"),
                });
            }
            "```" => inside = false,
            _ if inside => {
                if let Some(block) = found.last_mut() {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
            _ => {}
        }
    }
    found
}

/// All blocks of the pages for users.
fn all_blocks() -> Vec<Block> {
    let docs = std::fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.chain(["README.md", "CONTRIBUTING.md"].map(Into::into));
    let mut found: Vec<Block> = Vec::new();
    for path in pages.filter(|path| path.extension().is_some_and(|end| end == "md")) {
        found.extend(blocks(&path.display().to_string(), &std::fs::read_to_string(&path).unwrap()));
    }
    assert!(found.len() > 20, "only {} examples were found", found.len());
    found
}

fn rendered(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let human = Human::new(sources, false);
    diagnostics.iter().map(|diagnostic| human.render(diagnostic) + "\n\n").collect()
}

#[test]
fn every_example_is_free_of_syntax_errors() {
    let mut failures = String::new();
    for block in all_blocks() {
        let mut sources = Sources::default();
        let id = sources.add(block.place.as_str(), block.text.as_str());
        failures += &rendered(&sources, &parse(id, &block.text).errors);
    }
    assert!(failures.is_empty(), "{failures}");
}

/// A block without a router shows statements for a policy; it gets the least that makes it one.
const ROUTER: &str = "router edge { target nftables }\n";

#[test]
fn every_whole_policy_means_something() {
    let mut failures = String::new();
    let mut seen = 0;
    // Files that pages speak of.
    let files = [("docs/cloudflare.txt".to_owned(), "198.51.100.0/24\n".to_owned())].into();
    let world = Memory { files, ..Memory::default() };
    for block in all_blocks().into_iter().filter(|block| !block.fragment) {
        seen += 1;
        let mut text = block.text;
        if !text.lines().any(|line| line.starts_with("router ")) {
            text += ROUTER;
        }
        let mut sources = Sources::default();
        let (_, found) = resolve(&block.place, &text, &mut sources, &world);
        failures += &rendered(&sources, &found);
    }
    assert!(seen >= 4, "only {seen} whole policies were found");
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn the_readme_shows_what_the_program_says() {
    let page = std::fs::read_to_string("README.md").unwrap();
    let policy = blocks("README.md", &page).into_iter().find(|block| !block.fragment).unwrap().text;

    let mut checked = compile::check("home.hedge", &policy, &Memory::default());
    assert!(checked.diagnostics.is_empty(), "{}", rendered(&checked.sources, &checked.diagnostics));
    let output = compile::render(&mut checked, "home.hedge", Target::Nftables, &[])
        .unwrap_or_else(|errors| panic!("{errors:?}"));
    let ruleset = output.files[0].text.as_str();
    let excerpt = page.split_once("```nft\n").and_then(|(_, rest)| rest.split_once("```")).unwrap().0;
    for line in excerpt.lines().filter(|line| !line.contains('…')) {
        assert!(ruleset.lines().any(|written| written == line), "the ruleset has no such line: {line}");
    }

    let slip = "allow ha              -> nas    : smb\n";
    let at = policy.find("allow private").and_then(|at| policy[at..].find('\n').map(|end| at + end + 1)).unwrap();
    let leaky = format!("{}{slip}{}", &policy[..at], &policy[at..]);
    let checked = compile::check("home.hedge", &leaky, &Memory::default());
    let said = rendered(&checked.sources, &checked.diagnostics);
    assert!(page.contains(said.trim_end()), "README.md does not show what is said of the leak:\n\n{said}");
}

#[test]
fn the_readme_shows_the_picture_of_its_policy() {
    let page = std::fs::read_to_string("README.md").unwrap();
    let policy = blocks("README.md", &page).into_iter().find(|block| !block.fragment).unwrap().text;
    let mut checked = compile::check("home.hedge", &policy, &Memory::default());
    let graph = reach::graph(&checked.network, &checked.sources, checked.meant.as_mut().unwrap());
    let picture =
        report::svg(&graph, "home.hedge: who may open connections to whom", &reach::graph_notes(&checked.network));
    let file = "docs/images/home.svg";
    if std::env::var_os("DOCS_BLESS").is_some() {
        std::fs::write(file, &picture).unwrap();
    }
    assert!(page.contains(file));
    let shown = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        shown == picture,
        "{file} is not what `hedgerow graph` draws: DOCS_BLESS=1 cargo test --test docs writes it"
    );
}

#[test]
fn no_link_is_dead() {
    let mut pages: Vec<PathBuf> = Vec::new();
    for folder in [".", "docs", "examples", "tests/spec"] {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(entries.map(|path| if path.is_dir() { path.join("README.md") } else { path }));
    }
    pages.retain(|path| path.extension().is_some_and(|end| end == "md") && path.is_file());
    pages.sort();
    pages.dedup();
    let mut failures = String::new();
    let mut seen = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            seen += 1;
            if !page.parent().is_some_and(|folder| folder.join(file).exists()) {
                failures += &format!("{}: {link} leads nowhere\n", page.display());
            }
        }
    }
    assert!(seen > 10, "only {seen} links were found");
    assert!(failures.is_empty(), "\n{failures}");
}

/// The section of the language reference that a statement, or an attribute with attributes of its own, is described in.
fn section_of(word: &str) -> &str {
    match word {
        "allow" | "deny" => "### Options",
        "redirect" | "reflect" => "## Redirection and discovery",
        "through" => "#### The proxy",
        "publishes" => "#### tunnel",
        "proxied" => "### expose",
        "peer" => "### vpn",
        _ => word,
    }
}

/// A section from its heading to the next one of whatever level.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let start = page.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading `{heading}`"));
    let text = &page[start + heading.len() + 2..];
    let heads = ["\n# ", "\n## ", "\n### ", "\n#### "];
    &text[..heads.iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len())]
}

#[test]
fn the_language_reference_describes_every_attribute_and_shows_it() {
    let page = std::fs::read_to_string("docs/language.md").unwrap();
    let mut missing = String::new();
    for word in STATEMENTS.into_iter().chain(["through", "sign-in", "tunnel", "publishes", "proxied", "peer"]) {
        let found = section_of(word);
        let heading = ["", "### ", "#### "].map(|mark| format!("{mark}{found}"));
        let heading =
            heading.iter().find(|heading| heading.starts_with('#') && page.contains(&format!("\n{heading}\n")));
        let Some(heading) = heading else { continue };
        let mut text = section(&page, heading).to_owned();
        // The options of a rule are described once, for exposures too.
        if word == "expose" {
            text += section(&page, "### Options");
        }
        let example: String = blocks("", &text).into_iter().map(|block| block.text).collect();
        let words: Vec<&str> = example.split(|letter: char| !letter.is_alphanumeric() && letter != '-').collect();
        for known in attributes_of(word) {
            if !text.contains(&format!("`{}", known.key)) {
                missing += &format!("`{}` of `{word}` is not described below {heading}\n", known.key);
            }
            if !words.contains(&known.key) {
                missing += &format!("`{}` of `{word}` is in no example below {heading}\n", known.key);
            }
        }
    }
    assert!(missing.is_empty(), "{missing}");
}
