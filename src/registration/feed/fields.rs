//! Walking a parsed line: typed fields, each error with the name and the place of its field.
//!
//! simd-json leaves a tape: the nodes of the document in order, a container's node saying how many nodes belong to it.
//! Nothing is copied from it; a field's place is where its name stands in the text.

use crate::registration::FeedError;
use simd_json::{Node, StaticNode};

/// What is wrong with a line: which field, where in the line, why.
#[derive(Debug)]
pub(super) struct Fault {
    pub field: String,
    /// The byte of the line, where one can be pointed at.
    pub at: Option<usize>,
    pub reason: FeedError,
}

/// A field that was found: its value, its name, and where the name stands.
#[derive(Clone, Copy)]
pub(super) struct Field<'t, 'i> {
    nodes: &'t [Node<'i>],
    path: Path<'t, 'i>,
    name: &'static str,
    at: Option<usize>,
}

/// Where a record stands within the line.
#[derive(Clone, Copy)]
pub(super) enum Path<'t, 'i> {
    /// The line itself.
    Root,
    /// The object that is the value of a field.
    In(&'t Field<'t, 'i>),
    /// An element of the array that is the value of a field.
    Element(&'t Field<'t, 'i>, usize),
}

impl Path<'_, '_> {
    fn write(self, out: &mut String) {
        match self {
            Path::Root => {}
            Path::In(field) => {
                field.path.write(out);
                out.push_str(field.name);
                out.push('.');
            }
            Path::Element(field, element) => {
                field.path.write(out);
                out.push_str(field.name);
                out.push_str(&format!("[{element}]."));
            }
        }
    }
}

/// How many nodes the value at the head of `nodes` takes.
fn extent(nodes: &[Node<'_>]) -> usize {
    match nodes.first() {
        Some(Node::Object { count, .. } | Node::Array { count, .. }) => 1 + count,
        Some(_) => 1,
        None => 0,
    }
}

/// The fields called `names` of the object at the head of `nodes`, in the order of `names`; `null` is absent. Other fields
/// are passed over.
///
/// # Errors
/// If the value is no object, or has one of the names twice.
pub(super) fn fields_of<'t, 'i, const N: usize>(
    nodes: &'t [Node<'i>],
    path: Path<'t, 'i>,
    text_start: usize,
    names: [&'static str; N],
) -> Result<[Option<Field<'t, 'i>>; N], Fault> {
    let Some(&Node::Object { len, .. }) = nodes.first() else {
        let mut field = String::new();
        path.write(&mut field);
        let at = match path {
            Path::Root => None,
            Path::In(field) | Path::Element(field, _) => field.at,
        };
        field.pop();
        return Err(Fault { field, at, reason: FeedError::Kind { expected: "an object" } });
    };
    let mut found = [None; N];
    let mut seen = [false; N];
    let mut rest = nodes.get(1..).unwrap_or_default();
    for _ in 0..len {
        let [Node::String(name), value @ ..] = rest else { break };
        let (value, after) = value.split_at(extent(value).min(value.len()));
        rest = after;
        let Some(which) = names.iter().position(|known| known == name) else { continue };
        let at = (name.as_ptr() as usize).checked_sub(text_start);
        let field = Field { nodes: value, path, name: names[which], at };
        if std::mem::replace(&mut seen[which], true) {
            return Err(field.fault(FeedError::Repeated));
        }
        if !matches!(value, [Node::Static(StaticNode::Null)]) {
            found[which] = Some(field);
        }
    }
    Ok(found)
}

/// The fault that a field is absent which every record needs.
pub(super) fn absent(path: Path<'_, '_>, name: &str) -> Fault {
    let mut field = String::new();
    path.write(&mut field);
    field.push_str(name);
    let at = match path {
        Path::Root => None,
        Path::In(field) | Path::Element(field, _) => field.at,
    };
    Fault { field, at, reason: FeedError::Absent }
}

impl<'t, 'i> Field<'t, 'i> {
    /// This field is at fault.
    pub(super) fn fault(&self, reason: impl Into<FeedError>) -> Fault {
        let mut field = String::new();
        self.path.write(&mut field);
        field.push_str(self.name);
        Fault { field, at: self.at, reason: reason.into() }
    }

    /// The value's nodes.
    pub(super) fn nodes(&self) -> &'t [Node<'i>] {
        self.nodes
    }

    /// A text.
    pub(super) fn text(&self) -> Result<&'i str, Fault> {
        match self.nodes {
            [Node::String(text)] => Ok(text),
            _ => Err(self.fault(FeedError::Kind { expected: "a text" })),
        }
    }

    /// A text of 1 to `most` bytes.
    pub(super) fn short_text(&self, most: usize) -> Result<&'i str, Fault> {
        let text = self.text()?;
        if text.is_empty() || text.len() > most {
            return Err(self.fault(FeedError::TextLength { found: text.len(), most }));
        }
        Ok(text)
    }

    /// A whole number from 0 to 255.
    pub(super) fn byte(&self) -> Result<u8, Fault> {
        let number = match self.nodes {
            [Node::Static(StaticNode::U64(number))] => u8::try_from(*number).ok(),
            [Node::Static(StaticNode::I64(number))] => u8::try_from(*number).ok(),
            _ => None,
        };
        number.ok_or_else(|| self.fault(FeedError::Kind { expected: "a whole number from 0 to 10" }))
    }

    /// The elements of an array: how many there are, and the value of each.
    pub(super) fn elements(&self) -> Result<impl Iterator<Item = &'t [Node<'i>]> + use<'t, 'i>, Fault> {
        let Some(&Node::Array { len, .. }) = self.nodes.first() else {
            return Err(self.fault(FeedError::Kind { expected: "an array" }));
        };
        let mut rest = &self.nodes[1..];
        Ok((0..len).map_while(move |_| {
            let (value, after) = rest.split_at_checked(extent(rest))?;
            rest = after;
            Some(value)
        }))
    }

    /// Whether the value is an array.
    pub(super) fn is_array(&self) -> bool {
        matches!(self.nodes.first(), Some(Node::Array { .. }))
    }

    /// The numbers of an array, appended to `out`.
    pub(super) fn numbers(&self, out: &mut Vec<f32>) -> Result<(), Fault> {
        for node in self.nodes.get(1..).unwrap_or_default() {
            out.push(match node {
                Node::Static(StaticNode::F64(number)) => *number as f32,
                Node::Static(StaticNode::I64(number)) => *number as f32,
                Node::Static(StaticNode::U64(number)) => *number as f32,
                _ => return Err(self.fault(FeedError::Kind { expected: "base64 or an array of numbers" })),
            });
        }
        Ok(())
    }
}
