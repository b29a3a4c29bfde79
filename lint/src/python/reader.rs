//! Reads a program from top to bottom, each function after all that surrounds it, and shows every call
//! to the rules. More than once: what only the end of a file tells, such as what a method left in
//! `self`, is known from the reading before.

mod expression;
mod gathered;
mod statement;

use std::collections::HashSet;
use std::rc::Rc;

use crashpoint_reports::lint::Finding;
use ruff_python_ast::{Expr, StmtFunctionDef};

use super::call::Call;
use super::context::{Context, Facts};
use super::rules;
use super::scopes::Scopes;
use super::source::Source;
use super::value::Value;
use crate::Machine;
use gathered::Gathered;

/// What the file itself defines is of this package.
const HERE: &str = "__main__";

/// What a method returns, what another one keeps of it, and what a third one does to that.
const READINGS: usize = 3;

pub fn read(source: &Source<'_>, machine: &Machine) -> Vec<Finding> {
    let mut facts = Facts::default();
    let mut known = Gathered::default();
    let mut found = Vec::new();
    for _ in 0..READINGS {
        let mut reader = Reader::new(source, machine, facts, known);
        reader.module();
        if !reader.gathered_facts.matters {
            break;
        }
        facts = reader.gathered_facts;
        known = reader.gathered;
        found = reader.context.found;
    }
    found
}

struct Reader<'a> {
    context: Context<'a>,
    /// From the reading before this one.
    known: Gathered<'a>,
    /// For the next one.
    gathered: Gathered<'a>,
    gathered_facts: Facts,
    /// Whose methods are being read.
    class: Option<&'a str>,
    /// Functions of the present level, which are read after it.
    later: Vec<Later<'a>>,
    /// Names that a function said to be the module's.
    globals: HashSet<&'a str>,
}

struct Later<'a> {
    function: &'a StmtFunctionDef,
    class: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn new(
        source: &'a Source<'a>,
        machine: &'a Machine,
        facts: Facts,
        known: Gathered<'a>,
    ) -> Reader<'a> {
        Reader {
            context: Context {
                source,
                machine,
                scopes: Scopes::default(),
                facts,
                loops: 0,
                without_gradient: false,
                function: None,
                found: Vec::new(),
                unpinned: HashSet::new(),
            },
            known,
            gathered: Gathered::default(),
            gathered_facts: Facts::default(),
            class: None,
            later: Vec::new(),
            globals: HashSet::new(),
        }
    }

    fn module(&mut self) {
        self.context.scopes.push();
        let source = self.context.source;
        self.statements(source.body());
        self.read_later();
        self.context.scopes.pop();
    }

    fn read_later(&mut self) {
        for later in std::mem::take(&mut self.later) {
            self.function(&later);
        }
    }

    fn function(&mut self, later: &Later<'a>) {
        let function = later.function;
        let class = std::mem::replace(&mut self.class, later.class);
        let outer = self.context.function.replace(function.name.as_str());
        let globals = std::mem::take(&mut self.globals);
        let loops = std::mem::take(&mut self.context.loops);
        let decorated = function.decorator_list.iter().any(|it| {
            let expression = match &it.expression {
                Expr::Call(call) => &call.func,
                other => other,
            };
            self.switches_gradient_off(expression)
        });
        let before = std::mem::replace(&mut self.context.without_gradient, decorated);
        self.context.scopes.push();
        self.parameters(&function.parameters);
        self.statements(&function.body);
        self.read_later();
        self.context.scopes.pop();
        self.context.without_gradient = before;
        self.context.loops = loops;
        self.globals = globals;
        self.context.function = outer;
        self.class = class;
    }

    /// A default is what the parameter is as long as nobody says otherwise. `None` and `False` are
    /// there to be said otherwise.
    fn parameters(&mut self, parameters: &'a ruff_python_ast::Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            let value = match parameter.default.as_deref() {
                Some(default) => self.expression(default),
                None => Value::Unknown,
            };
            let value = match value {
                Value::Name(_) | Value::Text(_) | Value::Int(_) | Value::Float(_) => value,
                Value::Bool(true) => value,
                _ => Value::Unknown,
            };
            let name = parameter.parameter.name.as_str();
            self.context.scopes.bind(name, value, 0);
        }
        for variadic in [&parameters.vararg, &parameters.kwarg]
            .into_iter()
            .flatten()
        {
            self.context.scopes.forget(variadic.name.as_str());
        }
    }

    /// Every call comes by here, once in each reading.
    fn called(&mut self, call: &Rc<Call<'a>>) {
        self.gathered_facts.note(call, &self.context);
        self.gathered_facts.matters |= rules::matters(call);
        rules::call(&mut self.context, call);
    }

    /// `torch.no_grad`, `torch.inference_mode`, called or not.
    fn switches_gradient_off(&mut self, expression: &'a Expr) -> bool {
        let value = self.quietly(expression);
        value.as_name().is_some_and(is_gradient_switch)
    }
}

fn is_gradient_switch(dotted: &str) -> bool {
    let last = dotted.rsplit('.').next().unwrap_or_default();
    matches!(last, "no_grad" | "inference_mode")
}
