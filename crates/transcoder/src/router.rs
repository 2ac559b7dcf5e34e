//! From a method and a path to a route.
//!
//! A tree of segments, because the path grammar asks for more than a prefix tree of characters gives: a custom verb
//! behind a variable or behind `**`, `**` in the middle, and one answer for all methods of a path, which is what 405
//! needs. At each place a literal goes before `*`, and `*` before `**`. A path that ends in a custom verb has the methods
//! of routes with that verb and no others. Among routes with custom verbs, a last segment that ends in a colon and a word
//! is never the value of one segment, so an unknown verb is found to be one (AIP-136). A path that fits one template but
//! not its methods may still fit a less exact template.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use http::Method;

use crate::path_template::{PathTemplate, Segment};

/// All routes.
#[derive(Debug)]
pub(crate) struct Router<T> {
    root: Node<T>,
    verbs: HashSet<Box<str>>,
}

#[derive(Debug)]
struct Node<T> {
    literals: HashMap<Box<str>, Node<T>>,
    single: Option<Box<Node<T>>>,
    multi: Option<Box<Node<T>>>,
    ends: Vec<End<T>>,
}

/// The routes whose template ends at a node with the same custom verb.
#[derive(Debug)]
struct End<T> {
    verb: Option<Box<str>>,
    /// No method stands for all of them (`custom { kind: "*" }`).
    routes: Vec<(Option<Method>, T)>,
}

/// What [`Router::find`] found.
#[derive(Debug)]
pub(crate) enum Lookup<'r, T> {
    /// A route, and the path taken apart.
    Found(&'r T, PathSegments),
    /// The path exists, but not for this method.
    WrongMethod(Vec<Method>),
    /// The path ends in a custom verb that is none there; these are.
    UnknownVerb(Vec<&'r str>),
    /// No such path.
    NotFound,
}

/// Where the segments of a request path are.
#[derive(Debug)]
pub(crate) struct PathSegments(Vec<Range<usize>>);

impl PathSegments {
    fn split(path: &str) -> Option<Self> {
        let mut start = 1;
        let ranges = path.strip_prefix('/')?.split('/').map(|segment| {
            let range = start..start + segment.len();
            start = range.end + 1;
            range
        });
        Some(Self(ranges.collect()))
    }

    /// What stands behind the last colon of the last segment, and where that colon is.
    fn verb<'p>(&self, path: &'p str) -> Option<(&'p str, usize)> {
        let last = self.0.last()?.clone();
        let colon = last.start + path[last.clone()].rfind(':')?;
        Some((&path[colon + 1..last.end], colon))
    }

    /// The part of the path that the given segments of a template of this length stand for.
    ///
    /// Since a template has at most one `**`, the number of segments tells how many of them it took.
    pub(crate) fn slice<'p>(
        &self,
        path: &'p str,
        segments: &Range<usize>,
        template_length: usize,
        multi: Option<usize>,
    ) -> &'p str {
        let position = |index: usize| match multi {
            Some(multi) if index > multi => index + self.0.len() - template_length,
            _ => index,
        };
        let (first, last) = (position(segments.start), position(segments.end));
        if first >= last {
            return "";
        }
        &path[self.0[first].start..self.0[last - 1].end]
    }
}

impl<T> Default for Router<T> {
    fn default() -> Self {
        Self { root: Node::default(), verbs: HashSet::new() }
    }
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { literals: HashMap::new(), single: None, multi: None, ends: Vec::new() }
    }
}

impl<T> Router<T> {
    /// Adds a route, or answers the one that is there already for the same paths and method.
    pub(crate) fn insert(
        &mut self,
        template: &PathTemplate,
        method: Option<Method>,
        route: T,
    ) -> Result<(), &T> {
        let mut node = &mut self.root;
        for segment in &template.segments {
            node = match segment {
                Segment::Literal(text) => node.literals.entry(text.as_str().into()).or_default(),
                Segment::Single => node.single.get_or_insert_default(),
                Segment::Multi => node.multi.get_or_insert_default(),
            };
        }
        let verb: Option<Box<str>> = template.verb.as_deref().map(Into::into);
        self.verbs.extend(verb.clone());
        let position = node.ends.iter().position(|end| end.verb == verb).unwrap_or_else(|| {
            node.ends.push(End { verb, routes: Vec::new() });
            node.ends.len() - 1
        });
        let end = &mut node.ends[position];
        if let Some(position) = end.routes.iter().position(|(other, _)| *other == method) {
            return Err(&end.routes[position].1);
        }
        end.routes.push((method, route));
        Ok(())
    }

    /// Finds the route of a request.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Lookup<'_, T> {
        let Some(mut segments) = PathSegments::split(path) else {
            return Lookup::NotFound;
        };
        let mut allowed = Vec::new();
        let verb = segments.verb(path).filter(|(verb, _)| !self.verbs.is_empty() && is_word(verb));
        let before_colon = |colon| {
            let mut shortened = segments.0.clone();
            shortened.last_mut().expect("there is a last segment").end = colon;
            shortened
        };
        if let Some((verb, colon)) = verb.filter(|(verb, _)| self.verbs.contains(*verb)) {
            let shortened = before_colon(colon);
            let search = Search { method, path, verb: Some(verb), is_custom: false };
            if let Some(route) = search.descend(&self.root, &shortened, &mut allowed) {
                segments.0 = shortened;
                return Lookup::Found(route, segments);
            }
            // The methods of the resource itself are not those of what can be done to it.
            if !allowed.is_empty() {
                return Lookup::WrongMethod(allowed);
            }
        }
        let search = Search { method, path, verb: None, is_custom: verb.is_some() };
        if let Some(route) = search.descend(&self.root, &segments.0, &mut allowed) {
            return Lookup::Found(route, segments);
        }
        match verb {
            _ if !allowed.is_empty() => Lookup::WrongMethod(allowed),
            Some((_, colon)) => self.unknown_verb(method, path, &before_colon(colon)),
            None => Lookup::NotFound,
        }
    }

    /// What can be done to what is at a path, as its verb is none of it; nothing is found where nothing is at all.
    fn unknown_verb(&self, method: &Method, path: &str, before_colon: &[Range<usize>]) -> Lookup<'_, T> {
        let exists = |verb: Option<&str>| {
            let mut allowed = Vec::new();
            let search = Search { method, path, verb, is_custom: false };
            search.descend(&self.root, before_colon, &mut allowed).is_some() || !allowed.is_empty()
        };
        let mut verbs: Vec<_> =
            self.verbs.iter().map(Box::as_ref).filter(|verb| exists(Some(verb))).collect();
        verbs.sort_unstable();
        if verbs.is_empty() && !exists(None) { Lookup::NotFound } else { Lookup::UnknownVerb(verbs) }
    }
}

/// Whether a text is written as custom verbs are.
fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

struct Search<'q> {
    method: &'q Method,
    path: &'q str,
    verb: Option<&'q str>,
    /// Whether the last segment ends in a custom verb, one of other paths or of none. No single segment takes it for a
    /// part of its value; what spans slashes may, since names of files have colons.
    is_custom: bool,
}

impl Search<'_> {
    fn descend<'r, T>(
        &self,
        node: &'r Node<T>,
        rest: &[Range<usize>],
        allowed: &mut Vec<Method>,
    ) -> Option<&'r T> {
        if let Some((head, tail)) = rest.split_first() {
            let segment = &self.path[head.clone()];
            let literal = node.literals.get(segment).and_then(|next| self.descend(next, tail, allowed));
            if literal.is_some() {
                return literal;
            }
            if let Some(next) = &node.single
                && !segment.is_empty()
                && !(self.is_custom && tail.is_empty())
                && let Some(route) = self.descend(next, tail, allowed)
            {
                return Some(route);
            }
        } else if let Some(route) = self.end(node, allowed) {
            return Some(route);
        }
        let next = node.multi.as_deref()?;
        if next.is_leaf() {
            return self.end(next, allowed);
        }
        (0..=rest.len()).rev().find_map(|taken| self.descend(next, &rest[taken..], allowed))
    }

    fn end<'r, T>(&self, node: &'r Node<T>, allowed: &mut Vec<Method>) -> Option<&'r T> {
        let end = node.ends.iter().find(|end| end.verb.as_deref() == self.verb)?;
        let exact = end.routes.iter().find(|(method, _)| method.as_ref() == Some(self.method));
        let route = exact.or_else(|| end.routes.iter().find(|(method, _)| method.is_none()));
        if route.is_none() {
            allowed.extend(end.routes.iter().filter_map(|(method, _)| method.clone()));
        }
        route.map(|(_, route)| route)
    }
}

impl<T> Node<T> {
    fn is_leaf(&self) -> bool {
        self.literals.is_empty() && self.single.is_none() && self.multi.is_none()
    }
}

#[cfg(test)]
mod tests;
