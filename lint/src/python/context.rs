//! What a rule sees beside the call itself, and where it puts what it found.

use std::collections::HashSet;

use crashpoint_reports::knowledge::mistake;
use crashpoint_reports::lint::Finding;
use ruff_text_size::TextRange;

use super::scopes::Scopes;
use super::source::Source;
use crate::Machine;

#[derive(Debug)]
pub struct Context<'a> {
    pub source: &'a Source<'a>,
    pub machine: &'a Machine,
    pub scopes: Scopes<'a>,
    /// What is known of the whole file, from the reading before.
    pub facts: Facts,
    /// Loops that are open in this function.
    pub loops: usize,
    /// Gradients are switched off here.
    pub without_gradient: bool,
    /// The function that is being read.
    pub function: Option<&'a str>,
    pub found: Vec<Finding>,
    /// Models of which it was told already that no revision is pinned.
    pub unpinned: HashSet<String>,
}

/// What one place cannot tell.
#[derive(Debug, Default, Clone)]
pub struct Facts {
    /// It calls what some rule is about.
    pub matters: bool,
    /// It computes gradients on purpose.
    pub trains: bool,
    pub sets_pad_token: bool,
    pub sets_do_sample: bool,
    /// Gradients are switched off for the whole program.
    pub never_gradients: bool,
    /// Functions that are called where gradients are switched off.
    pub called_without_gradient: HashSet<String>,
}

impl<'a> Context<'a> {
    /// The finding, for a rule that knows better than its table what to say.
    pub fn report(
        &mut self,
        rule: &str,
        range: TextRange,
        message: String,
    ) -> Option<&mut Finding> {
        let mistake = mistake(rule)?;
        let lines = self.source.lines(range);
        let finding = Finding::of(mistake, self.source.file, lines, message);
        self.found.push(finding);
        self.found.last_mut()
    }
}
