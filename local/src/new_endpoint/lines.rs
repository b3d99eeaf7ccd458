//! A text file by its lines, for edits that leave everything else in it as it is.

use std::ops::Range;

use crate::Error;

/// The lines of a file.
pub struct Lines {
    file: String,
    lines: Vec<String>,
}

impl Lines {
    /// Those of a text. `file` is for errors.
    pub fn new(file: &str, text: &str) -> Self {
        let lines = text.lines().map(str::to_owned);
        Self {
            file: file.to_owned(),
            lines: lines.collect(),
        }
    }

    /// All of them.
    pub fn all(&self) -> Range<usize> {
        0..self.lines.len()
    }

    /// One of them; empty where there is none.
    pub fn get(&self, at: usize) -> &str {
        self.lines.get(at).map_or("", String::as_str)
    }

    /// The first line within `range` that is `wanted` as it stands.
    pub fn find(&self, range: Range<usize>, wanted: &str) -> Result<usize, Error> {
        let found = self.first(range, |line| line == wanted);
        found.ok_or_else(|| self.missing(wanted.trim()))
    }

    /// The first line within `range` that is like this.
    pub fn first(&self, mut range: Range<usize>, is: impl Fn(&str) -> bool) -> Option<usize> {
        range.find(|at| is(self.get(*at)))
    }

    /// The last line within `range` that is like this.
    pub fn last(&self, mut range: Range<usize>, is: impl Fn(&str) -> bool) -> Option<usize> {
        range.rfind(|at| is(self.get(*at)))
    }

    /// The line `at` and what is indented below it, without the empty lines behind.
    pub fn block(&self, at: usize) -> Range<usize> {
        let depth = indent(self.get(at));
        let ends = |line: &str| !line.is_empty() && indent(line) <= depth;
        let end = self.first(at + 1..self.lines.len(), ends);
        at..self.without_empty(at, end.unwrap_or(self.lines.len()))
    }

    /// Where the block begins, at this depth, that the line `at` is in.
    pub fn start_of_block(&self, at: usize, depth: usize) -> usize {
        let begins = |line: &str| !line.is_empty() && indent(line) <= depth;
        self.last(0..at + 1, begins).unwrap_or_default()
    }

    /// `end`, or where the empty lines before it begin.
    pub fn without_empty(&self, start: usize, end: usize) -> usize {
        let last = self.last(start..end, |line| !line.is_empty());
        last.map_or(start, |last| last + 1)
    }

    /// Puts the lines of a text before the line `at`.
    pub fn insert(&mut self, at: usize, text: &str) {
        let new = text.lines().map(str::to_owned);
        self.lines.splice(at..at, new);
    }

    /// Puts the lines of a text in the place of others.
    pub fn replace(&mut self, range: Range<usize>, text: &str) {
        let new = text.lines().map(str::to_owned);
        self.lines.splice(range, new);
    }

    /// The line before which `wanted` has its place among those of `range`, which are in order.
    pub fn place(&self, range: Range<usize>, wanted: &str) -> usize {
        let end = range.end;
        self.first(range, |line| line > wanted).unwrap_or(end)
    }

    /// The place for an insertion that is not in the file.
    pub fn missing(&self, what: &str) -> Error {
        format!("{}: the place is not found: {what}", self.file).into()
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line, "\n"]).collect()
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
