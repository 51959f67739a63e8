//! YAML to a tree that keeps every tag and every place. Home Assistant's own tags (`!secret`, `!include`) are kept as
//! they stand: nothing is looked up here.

use std::{collections::BTreeMap, rc::Rc};

use saphyr_parser::{Event, Parser, Span as Mark, Tag};

use crate::diagnostic::{SourceId, Span};

/// Deeper than this is no configuration.
const DEEPEST: usize = 100;

/// Something with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub span: Span,
    pub kind: Kind,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text, a number, a truth value: whatever it is taken for. Nothing at all is an empty plain one.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Rc<Node>>),
    /// In the order of the file; a key may stand there twice.
    Map(Vec<(Key, Rc<Node>)>),
    /// A tag with what stands behind it, as `!include http.yaml`.
    Tagged {
        tag: String,
        text: String,
    },
}

/// A key of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub text: String,
    pub span: Span,
}

/// Why a text is no YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub line: usize,
    pub column: usize,
    pub why: String,
}

/// Reads a text of one document.
///
/// # Errors
/// The first place where it is no YAML.
pub fn read(text: &str, source: SourceId) -> Result<Rc<Node>, Broken> {
    let mut reader =
        Reader { places: Places::of(text, source), open: Vec::new(), anchors: BTreeMap::new(), root: None };
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, mark) = event.map_err(|error| Broken {
            line: error.marker().line(),
            column: error.marker().col() + 1,
            why: error.info().to_owned(),
        })?;
        let broken = |why: &str| Broken { line: mark.start.line(), column: mark.start.col() + 1, why: why.to_owned() };
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                return Err(broken("a second document starts here"));
            }
        }
        reader.event(event, mark).map_err(broken)?;
    }
    let nothing = || Rc::new(Node { span: Span { source, start: 0, end: 0 }, kind: empty() });
    Ok(reader.root.unwrap_or_else(nothing))
}

fn empty() -> Kind {
    Kind::Scalar { text: String::new(), plain: true }
}

/// Something that is not finished.
struct Open {
    node: Node,
    anchor: usize,
    tag: Option<String>,
    /// The key that waits for its value.
    key: Option<Key>,
}

struct Reader {
    places: Places,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
}

impl Reader {
    fn event(&mut self, event: Event<'_>, mark: Mark) -> Result<(), &'static str> {
        let span = self.places.span(mark);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == saphyr_parser::ScalarStyle::Plain;
                let text = text.into_owned();
                let kind = match own(tag.as_deref()) {
                    Some(tag) => Kind::Tagged { tag, text },
                    None => Kind::Scalar { text, plain },
                };
                self.done(Node { span, kind }, anchor);
            }
            Event::SequenceStart(anchor, tag) => {
                self.start(Kind::List(Vec::new()), span, anchor, own(tag.as_deref()))?;
            }
            Event::MappingStart(anchor, tag) => self.start(Kind::Map(Vec::new()), span, anchor, own(tag.as_deref()))?,
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(mut open) = self.open.pop() else { return Ok(()) };
                open.node.span = open.node.span.to(span.before());
                if let Some(tag) = open.tag {
                    open.node.kind = Kind::Tagged { tag, text: String::new() };
                }
                self.done(open.node, open.anchor);
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err("this refers to something that is not finished yet");
                };
                self.put(node);
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn start(&mut self, kind: Kind, span: Span, anchor: usize, tag: Option<String>) -> Result<(), &'static str> {
        if self.open.len() >= DEEPEST {
            return Err("this is nested too deep");
        }
        self.open.push(Open { node: Node { span, kind }, anchor, tag, key: None });
        Ok(())
    }

    fn done(&mut self, node: Node, anchor: usize) {
        let node = Rc::new(node);
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.put(node);
    }

    /// Puts a finished node where it belongs: into the list or map around it.
    fn put(&mut self, node: Rc<Node>) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut open.node.kind {
            Kind::List(items) => items.push(node),
            Kind::Map(entries) => match open.key.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    // A key that is no text can be none that we ask for.
                    let text = match &node.kind {
                        Kind::Scalar { text, .. } => text.clone(),
                        _ => String::new(),
                    };
                    open.key = Some(Key { text, span: node.span });
                }
            },
            Kind::Scalar { .. } | Kind::Tagged { .. } => {}
        }
    }
}

/// A tag that is not one of YAML's own, as it is written.
fn own(tag: Option<&Tag>) -> Option<String> {
    tag.filter(|tag| !tag.is_yaml_core_schema()).map(|tag| format!("{}{}", tag.handle, tag.suffix))
}

/// From the parser's places, which count characters, to ours, which count bytes.
struct Places {
    source: SourceId,
    /// The byte of every character, unless they are the same.
    bytes: Option<Vec<u32>>,
    length: u32,
}

impl Places {
    fn of(text: &str, source: SourceId) -> Self {
        let place = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(byte, _)| place(byte)).collect());
        Self { source, bytes, length: place(text.len()) }
    }

    fn span(&self, mark: Mark) -> Span {
        Span { source: self.source, start: self.byte(mark.start.index()), end: self.byte(mark.end.index()) }
    }

    fn byte(&self, character: usize) -> u32 {
        match &self.bytes {
            Some(bytes) => bytes.get(character).copied().unwrap_or(self.length),
            None => u32::try_from(character).unwrap_or(u32::MAX).min(self.length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Rc<Node> {
        read(text, SourceId(0)).unwrap()
    }

    fn entry(node: &Node, index: usize) -> (String, Rc<Node>) {
        let Kind::Map(entries) = &node.kind else { panic!("no map: {node:?}") };
        (entries[index].0.text.clone(), Rc::clone(&entries[index].1))
    }

    #[test]
    fn places_are_bytes_of_the_file() {
        let text = "\u{feff}# Größe\nhttp:\n  \"é\": 1\n  proxies:\n    - ::1 # ü\n    - 10.0.0.0/8\n";
        let root = tree(text);
        let (name, http) = entry(&root, 0);
        let (_, proxies) = entry(&http, 1);
        let Kind::List(items) = &proxies.kind else { panic!() };
        let shown: Vec<&str> =
            items.iter().map(|item| &text[item.span.start as usize..item.span.end as usize]).collect();
        assert_eq!((name.as_str(), shown), ("http", vec!["::1", "10.0.0.0/8"]));
    }

    #[test]
    fn tags_are_kept() {
        let root = tree("a: !secret pw\nb: !include x.yaml\nc: !!str 5\nd: !odd [1, 2]\ne:\n");
        let kinds: Vec<Kind> = (0..5).map(|index| entry(&root, index).1.kind.clone()).collect();
        let tagged = |tag: &str, text: &str| Kind::Tagged { tag: tag.to_owned(), text: text.to_owned() };
        assert_eq!(kinds[..2], [tagged("!secret", "pw"), tagged("!include", "x.yaml")]);
        assert_eq!(kinds[2], Kind::Scalar { text: "5".to_owned(), plain: true });
        assert_eq!((kinds[3].clone(), kinds[4].clone()), (tagged("!odd", ""), empty()));
    }

    #[test]
    fn aliases_are_followed_and_share() {
        let mut text = "a0: &a0 [x]\n".to_owned();
        for level in 1..60 {
            let below = level - 1;
            text += &format!("a{level}: &a{level} [*a{below}, *a{below}, *a{below}, *a{below}]\n");
        }
        assert!(matches!(tree(&text).kind, Kind::Map(_)), "a bomb of aliases costs nothing");
        assert!(read("a: &a [*a]\n", SourceId(0)).is_err());
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        let line = |text: &str| read(text, SourceId(0)).unwrap_err().line;
        assert_eq!(line("a: 1\nb: [1, 2\n"), 3);
        assert_eq!(line("a:\n  b: 1\n c: 2\n"), 3);
        assert_eq!(line("a: 1\n---\nb: 2\n"), 2);
        assert_eq!(line(&"[".repeat(5000)), 1);
    }

    #[test]
    fn an_empty_file_is_nothing() {
        assert_eq!(tree("").kind, empty());
        assert_eq!(tree("# only a comment\n").kind, empty());
    }
}
