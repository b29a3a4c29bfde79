//! Statements: what they bind, and which of them may not be reached.

use std::collections::HashSet;

use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
use ruff_python_ast::{ExceptHandler, Expr, Stmt};

use super::{HERE, Later, Reader};
use crate::python::value::Value;

impl<'a> Reader<'a> {
    pub(super) fn statements(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                for decorator in &function.decorator_list {
                    self.expression(&decorator.expression);
                }
                let name = function.name.as_str();
                let value = Value::name(&format!("{HERE}.{name}"));
                self.bind(name, value);
                let class = self.class;
                self.later.push(Later { function, class });
            }
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Return(it) => {
                if let Some(value) = &it.value {
                    let value = self.expression(value);
                    self.returned(&value);
                }
            }
            Stmt::Assign(it) => {
                let value = self.expression(&it.value);
                for target in &it.targets {
                    self.assign(target, value.clone());
                }
            }
            Stmt::AnnAssign(it) => {
                if let Some(value) = &it.value {
                    let value = self.expression(value);
                    self.assign(&it.target, value);
                }
            }
            Stmt::AugAssign(it) => {
                let value = self.augmented(it);
                self.assign(&it.target, value);
            }
            Stmt::For(it) => {
                self.expression(&it.iter);
                self.in_loop(&it.body, |reader| reader.assign(&it.target, Value::Unknown));
                self.branches(&[&it.orelse]);
            }
            Stmt::While(it) => {
                self.expression(&it.test);
                self.in_loop(&it.body, |_| {});
                self.branches(&[&it.orelse]);
            }
            Stmt::If(it) => self.condition(it),
            Stmt::With(it) => self.with(it),
            Stmt::Match(it) => {
                self.expression(&it.subject);
                let bodies: Vec<&[Stmt]> = it.cases.iter().map(|it| &it.body[..]).collect();
                self.branches(&bodies);
            }
            Stmt::Try(it) => {
                self.statements(&it.body);
                let handlers = it.handlers.iter().map(|handler| {
                    let ExceptHandler::ExceptHandler(handler) = handler;
                    &handler.body[..]
                });
                let handlers: Vec<&[Stmt]> = handlers.collect();
                self.branches(&handlers);
                self.statements(&it.orelse);
                self.statements(&it.finalbody);
            }
            Stmt::Expr(it) => {
                self.expression(&it.value);
            }
            Stmt::Assert(it) => {
                self.expression(&it.test);
            }
            Stmt::Raise(it) => {
                for part in [&it.exc, &it.cause].into_iter().flatten() {
                    self.expression(part);
                }
            }
            Stmt::Import(it) => {
                for alias in &it.names {
                    let dotted = alias.name.as_str();
                    match &alias.asname {
                        Some(name) => self.bind(name.as_str(), Value::name(dotted)),
                        None => {
                            let first = dotted.split('.').next().unwrap_or(dotted);
                            self.bind(first, Value::name(first));
                        }
                    }
                }
            }
            Stmt::ImportFrom(it) => {
                let dots = ".".repeat(usize::try_from(it.level).unwrap_or(0).min(8));
                let module = it.module.as_ref().map_or("", |module| module.as_str());
                for alias in &it.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    let dotted = format!("{dots}{module}.{}", alias.name.as_str());
                    self.bind(name.as_str(), Value::name(&dotted));
                }
            }
            Stmt::Global(it) => {
                self.globals
                    .extend(it.names.iter().map(|name| name.as_str()));
            }
            Stmt::Delete(it) => {
                for target in &it.targets {
                    if let Some(name) = dotted(target) {
                        self.context.scopes.forget(&name);
                    }
                }
            }
            Stmt::TypeAlias(_)
            | Stmt::Nonlocal(_)
            | Stmt::Pass(_)
            | Stmt::Break(_)
            | Stmt::Continue(_)
            | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    fn class(&mut self, class: &'a ruff_python_ast::StmtClassDef) {
        let name = class.name.as_str();
        let outer = self.class.replace(name);
        self.context.scopes.push();
        self.statements(&class.body);
        self.context.scopes.pop();
        self.class = outer;
        self.bind(name, Value::name(&format!("{HERE}.{name}")));
    }

    fn returned(&mut self, value: &Value<'a>) {
        if let Some(function) = self.context.function {
            let name = self.result_of(function);
            self.gathered.add(name, value);
        }
    }

    /// How what a function returns is kept, a method's by its class.
    pub(super) fn result_of(&self, function: &str) -> String {
        match self.class {
            Some(class) => format!("{class}.self.{function}()"),
            None => format!("{function}()"),
        }
    }

    fn bind(&mut self, name: &str, value: Value<'a>) {
        let loops = self.context.loops;
        self.context.scopes.bind(name, value, loops);
    }

    pub(super) fn assign(&mut self, target: &'a Expr, value: Value<'a>) {
        match target {
            Expr::Name(name) => {
                let name = name.id.as_str();
                let of_module = self.context.function.is_none() || self.globals.contains(name);
                if of_module {
                    self.gathered.add(format!("global {name}"), &value);
                }
                self.bind(name, value);
            }
            Expr::Attribute(attribute) => {
                if attribute.attr.as_str().starts_with("pad_token") {
                    self.gathered_facts.sets_pad_token = true;
                }
                self.gathered_facts.sets_do_sample |= attribute.attr.as_str() == "do_sample";
                self.expression(&attribute.value);
                if let Some(name) = dotted(target) {
                    if let (Some(class), true) = (self.class, name.starts_with("self.")) {
                        self.gathered.add(format!("{class}.{name}"), &value);
                    }
                    self.bind(&name, value);
                }
            }
            Expr::Subscript(subscript) => {
                let key = self.expression(&subscript.slice);
                if let (Some(name), Some(key)) = (dotted(&subscript.value), key.as_text()) {
                    self.bind(&format!("{name}[{key}]"), value);
                } else if let Some(name) = dotted(&subscript.value) {
                    // Some item of it, and nobody knows which.
                    self.context.scopes.forget(&name);
                }
            }
            Expr::Tuple(tuple) => self.assign_each(&tuple.elts, &value),
            Expr::List(list) => self.assign_each(&list.elts, &value),
            Expr::Starred(starred) => self.assign(&starred.value, Value::Unknown),
            _ => {}
        }
    }

    fn assign_each(&mut self, targets: &'a [Expr], value: &Value<'a>) {
        let items = value
            .as_list()
            .filter(|list| list.whole && list.items.len() == targets.len());
        for (at, target) in targets.iter().enumerate() {
            let item = items.and_then(|list| list.items.get(at)).cloned();
            self.assign(target, item.unwrap_or_default());
        }
    }

    /// What is bound in a loop is not yet known where its first round begins.
    fn in_loop(&mut self, body: &'a [Stmt], first: impl FnOnce(&mut Reader<'a>)) {
        let mut bound = Bound::default();
        bound.visit_body(body);
        let mark = self.context.scopes.enter_branch();
        for name in bound.names {
            self.context.scopes.forget(&name);
        }
        self.context.loops += 1;
        first(self);
        self.statements(body);
        self.context.loops -= 1;
        let names = self.context.scopes.leave_branch(mark);
        self.forget(names);
    }

    fn condition(&mut self, condition: &'a ruff_python_ast::StmtIf) {
        self.expression(&condition.test);
        if condition.elif_else_clauses.is_empty() && is_main(&condition.test) {
            return self.statements(&condition.body);
        }
        let mut bodies: Vec<&'a [Stmt]> = vec![&condition.body];
        for clause in &condition.elif_else_clauses {
            if let Some(test) = &clause.test {
                self.expression(test);
            }
            bodies.push(&clause.body);
        }
        self.branches(&bodies);
    }

    /// Of which one is taken, or none.
    pub(super) fn branches(&mut self, bodies: &[&'a [Stmt]]) {
        let mut names = HashSet::new();
        for body in bodies {
            let mark = self.context.scopes.enter_branch();
            self.statements(body);
            names.extend(self.context.scopes.leave_branch(mark));
        }
        self.forget(names);
    }

    fn forget(&mut self, names: HashSet<String>) {
        for name in names {
            self.context.scopes.forget(&name);
        }
    }

    fn with(&mut self, with: &'a ruff_python_ast::StmtWith) {
        let before = self.context.without_gradient;
        for item in &with.items {
            let value = self.expression(&item.context_expr);
            let switch = match value.as_call() {
                Some(call) => call.dotted(),
                None => value.as_name(),
            };
            if switch.is_some_and(super::is_gradient_switch) {
                self.context.without_gradient = true;
            }
            if let Some(target) = &item.optional_vars {
                self.assign(target, Value::part(value, Some("__enter__")));
            }
        }
        self.statements(&with.body);
        self.context.without_gradient = before;
    }
}

/// `a.b.c` of names and attributes alone.
pub(super) fn dotted(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => {
            let mut name = dotted(&attribute.value)?;
            name.push('.');
            name.push_str(attribute.attr.as_str());
            Some(name)
        }
        _ => None,
    }
}

/// `__name__ == "__main__"`: whoever starts the program gets there.
fn is_main(test: &Expr) -> bool {
    match test {
        Expr::Compare(compare) => {
            matches!(&*compare.left, Expr::Name(name) if name.id.as_str() == "__name__")
        }
        _ => false,
    }
}

/// Every name that is bound in some statements, those of inner functions not.
#[derive(Default)]
struct Bound {
    names: HashSet<String>,
}

impl Bound {
    fn target(&mut self, target: &Expr) {
        match target {
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|it| self.target(it)),
            Expr::List(list) => list.elts.iter().for_each(|it| self.target(it)),
            Expr::Starred(starred) => self.target(&starred.value),
            Expr::Subscript(subscript) => self.target(&subscript.value),
            other => self.names.extend(dotted(other)),
        }
    }
}

impl<'b> StatementVisitor<'b> for Bound {
    fn visit_stmt(&mut self, statement: &'b Stmt) {
        match statement {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::Assign(it) => it.targets.iter().for_each(|target| self.target(target)),
            Stmt::AnnAssign(it) => self.target(&it.target),
            Stmt::AugAssign(it) => self.target(&it.target),
            Stmt::For(it) => {
                self.target(&it.target);
                walk_stmt(self, statement);
            }
            Stmt::With(it) => {
                let targets = it.items.iter().filter_map(|it| it.optional_vars.as_deref());
                targets.for_each(|target| self.target(target));
                walk_stmt(self, statement);
            }
            _ => walk_stmt(self, statement),
        }
    }
}
