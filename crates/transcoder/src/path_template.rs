//! The path grammar of `google.api.http`.
//!
//! ```text
//! Template = "/" Segments [ ":" LITERAL ]
//! Segments = Segment { "/" Segment }
//! Segment  = "*" | "**" | LITERAL | "{" FieldPath [ "=" Segments ] "}"
//! ```

use std::fmt;
use std::ops::Range;

/// One place between two slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Exactly this text.
    Literal(String),
    /// `*`: any one segment that is not empty.
    Single,
    /// `**`: any number of segments, none included.
    Multi,
}

/// A field of the request that takes its value from the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    /// Dotted name of the field.
    pub(crate) field: String,
    /// The segments of the template that make up the value.
    pub(crate) segments: Range<usize>,
}

/// A parsed path of `google.api.http`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathTemplate {
    pub(crate) segments: Vec<Segment>,
    pub(crate) variables: Vec<Variable>,
    /// What follows the last colon, as in `/v1/books/{book_id}:archive`.
    pub(crate) verb: Option<String>,
}

impl PathTemplate {
    /// Reads a template, or says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parser =
            Parser { rest: text, template: Self { segments: vec![], variables: vec![], verb: None } };
        parser.template()?;
        Ok(parser.template)
    }

    /// Where the `**` stands, if there is one.
    pub(crate) fn multi(&self) -> Option<usize> {
        self.segments.iter().position(|segment| *segment == Segment::Multi)
    }

    /// Whether the value of the variable may span slashes.
    pub(crate) fn spans(&self, variable: &Variable) -> bool {
        variable.segments.len() != 1 || self.segments[variable.segments.start] == Segment::Multi
    }
}

/// A piece of a path as OpenAPI writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathPart<'t> {
    Literal(&'t str),
    Parameter {
        /// Name in the document: the field, numbered if its value has several wildcards.
        name: String,
        /// The variable it belongs to; none for a wildcard outside of any.
        variable: Option<usize>,
        segment: &'t Segment,
    },
}

impl PathTemplate {
    /// The path with one parameter for each wildcard: `{name=shelves/*}` is `shelves/{name}`.
    ///
    /// OpenAPI has no parameters that span slashes, so the literal parts of a variable stand in the path itself.
    pub(crate) fn parts(&self) -> Vec<PathPart<'_>> {
        self.segments.iter().enumerate().map(|(at, segment)| self.part(at, segment)).collect()
    }

    fn part<'t>(&'t self, at: usize, segment: &'t Segment) -> PathPart<'t> {
        if let Segment::Literal(text) = segment {
            return PathPart::Literal(text);
        }
        let variable = self.variables.iter().position(|variable| variable.segments.contains(&at));
        let name = match variable.map(|index| &self.variables[index]) {
            None => format!("segment_{}", at + 1),
            Some(Variable { field, segments }) => match self.wildcards(segments.clone()) {
                1 => field.clone(),
                _ => format!("{field}_{}", self.wildcards(segments.start..at + 1)),
            },
        };
        PathPart::Parameter { name, variable, segment }
    }

    fn wildcards(&self, segments: Range<usize>) -> usize {
        self.segments[segments].iter().filter(|segment| !matches!(segment, Segment::Literal(_))).count()
    }
}

/// Prints the path as OpenAPI writes it: `/v1/books/{book_id}:archive`.
impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.parts() {
            match part {
                PathPart::Literal(text) => write!(f, "/{text}")?,
                PathPart::Parameter { name, .. } => write!(f, "/{{{name}}}")?,
            }
        }
        match &self.verb {
            Some(verb) => write!(f, ":{verb}"),
            None => Ok(()),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    template: PathTemplate,
}

impl Parser<'_> {
    fn template(&mut self) -> Result<(), String> {
        if !self.eat("/") {
            return Err("does not start with a slash".into());
        }
        self.segments(false)?;
        if self.eat(":") {
            self.template.verb = Some(self.literal()?);
        }
        if !self.rest.is_empty() {
            return Err(format!("has `{}` where it should end", self.rest));
        }
        let multis = self.template.segments.iter().filter(|segment| **segment == Segment::Multi).count();
        if multis > 1 {
            return Err("has more than one `**`".into());
        }
        Ok(())
    }

    fn segments(&mut self, inside_variable: bool) -> Result<(), String> {
        loop {
            if self.rest.starts_with('{') {
                if inside_variable {
                    return Err("has a variable inside a variable".into());
                }
                self.variable()?;
            } else if self.eat("**") {
                self.template.segments.push(Segment::Multi);
            } else if self.eat("*") {
                self.template.segments.push(Segment::Single);
            } else {
                let literal = self.literal()?;
                self.template.segments.push(Segment::Literal(literal));
            }
            if !self.eat("/") {
                return Ok(());
            }
        }
    }

    fn variable(&mut self) -> Result<(), String> {
        self.eat("{");
        let end = self.rest.find(['=', '}']).ok_or("has a variable that is not closed")?;
        let (field, rest) = self.rest.split_at(end);
        self.rest = rest;
        if field.split('.').any(|part| !is_identifier(part)) {
            return Err(format!("has `{field}` where a field name should be"));
        }
        if self.template.variables.iter().any(|variable| variable.field == field) {
            return Err(format!("names `{field}` twice"));
        }
        let start = self.template.segments.len();
        if self.eat("=") {
            self.segments(true)?;
        } else {
            self.template.segments.push(Segment::Single);
        }
        if !self.eat("}") {
            return Err("has a variable that is not closed".into());
        }
        let segments = start..self.template.segments.len();
        self.template.variables.push(Variable { field: field.to_owned(), segments });
        Ok(())
    }

    fn literal(&mut self) -> Result<String, String> {
        let end = self.rest.find(['/', ':', '{', '}', '*', '?', '#']).unwrap_or(self.rest.len());
        let (literal, rest) = self.rest.split_at(end);
        if literal.is_empty() {
            return Err("has an empty segment".into());
        }
        self.rest = rest;
        Ok(literal.to_owned())
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|next| next.is_ascii_alphanumeric() || next == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("/v1/books", "/v1/books", 0)]
    #[case("/v1/books/{book_id}", "/v1/books/{book_id}", 1)]
    #[case("/v1/{name=shelves/*}/books", "/v1/shelves/{name}/books", 1)]
    #[case("/v1/{name=shelves/*/books/*}", "/v1/shelves/{name_1}/books/{name_2}", 1)]
    #[case("/v1/{name=files/**}:download", "/v1/files/{name}:download", 1)]
    #[case("/v1/{shelf.id}/{book.id}:move", "/v1/{shelf.id}/{book.id}:move", 2)]
    #[case("/v1/*/all/**", "/v1/{segment_2}/all/{segment_4}", 0)]
    #[case("/v1/{middle=**}/end", "/v1/{middle}/end", 1)]
    fn a_template_is_read(#[case] text: &str, #[case] printed: &str, #[case] variables: usize) {
        let template = PathTemplate::parse(text).unwrap();
        assert_eq!(template.to_string(), printed);
        assert_eq!(template.variables.len(), variables);
    }

    #[rstest]
    #[case("", "does not start with a slash")]
    #[case("v1", "does not start with a slash")]
    #[case("/", "has an empty segment")]
    #[case("/v1//books", "has an empty segment")]
    #[case("/v1/", "has an empty segment")]
    #[case("/v1/{id", "has a variable that is not closed")]
    #[case("/v1/{id=a/{b}}", "has a variable inside a variable")]
    #[case("/v1/{}", "has `` where a field name should be")]
    #[case("/v1/{1a}", "has `1a` where a field name should be")]
    #[case("/v1/{a}/{a}", "names `a` twice")]
    #[case("/v1/**/**", "has more than one `**`")]
    #[case("/v1/a:", "has an empty segment")]
    #[case("/v1/{a}b", "has `b` where it should end")]
    #[case("/v1/a:b/c", "has `/c` where it should end")]
    fn a_wrong_template_is_explained(#[case] text: &str, #[case] reason: &str) {
        assert_eq!(PathTemplate::parse(text).unwrap_err(), reason);
    }
}
