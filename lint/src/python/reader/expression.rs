//! Expressions: what each stands for. Every part is looked at once, so that every call is seen.

use std::rc::Rc;

use ruff_python_ast::{
    Comprehension, Expr, ExprCall, FStringPart, InterpolatedStringElement, Number, Operator,
    StmtAugAssign, UnaryOp,
};
use ruff_text_size::Ranged;

use super::statement::dotted;
use super::{HERE, Reader};
use crate::python::call::{Arg, Call, Keyword};
use crate::python::rules;
use crate::python::value::{Entry, Value, deepest};

impl<'a> Reader<'a> {
    pub(super) fn expression(&mut self, expression: &'a Expr) -> Value<'a> {
        match expression {
            Expr::NoneLiteral(_) => Value::None,
            Expr::BooleanLiteral(it) => Value::Bool(it.value),
            Expr::NumberLiteral(it) => number(&it.value),
            Expr::StringLiteral(it) => Value::text(it.value.to_str(), true),
            Expr::FString(it) => self.f_string(it),
            Expr::Name(it) => self.named(it.id.as_str()),
            Expr::Attribute(it) => {
                let of = self.expression(&it.value);
                match dotted(expression).and_then(|name| self.bound(&name)) {
                    Some(value) => value,
                    None => attribute(of, it.attr.as_str()),
                }
            }
            Expr::Subscript(it) => self.item(it),
            Expr::Call(it) => self.call(it),
            Expr::List(it) => self.list(&it.elts),
            Expr::Tuple(it) => self.list(&it.elts),
            Expr::Set(it) => self.list(&it.elts),
            Expr::Dict(it) => self.dict(it),
            Expr::BinOp(it) => {
                let left = self.expression(&it.left);
                let right = self.expression(&it.right);
                operation(left, it.op, right)
            }
            Expr::UnaryOp(it) => {
                let value = self.expression(&it.operand);
                match (it.op, value) {
                    (UnaryOp::USub, Value::Int(number)) => {
                        number.checked_neg().map_or(Value::Unknown, Value::Int)
                    }
                    (UnaryOp::USub, Value::Float(number)) => Value::Float(-number),
                    (UnaryOp::Not, Value::Bool(value)) => Value::Bool(!value),
                    _ => Value::Unknown,
                }
            }
            Expr::Named(it) => {
                let value = self.expression(&it.value);
                self.assign(&it.target, value.clone());
                value
            }
            Expr::Await(it) => self.expression(&it.value),
            Expr::Starred(it) => {
                self.expression(&it.value);
                Value::Unknown
            }
            Expr::BoolOp(it) => self.each_of(&it.values),
            Expr::Compare(it) => {
                self.expression(&it.left);
                self.each_of(&it.comparators)
            }
            Expr::If(it) => {
                self.expression(&it.test);
                self.expression(&it.body);
                self.expression(&it.orelse);
                Value::Unknown
            }
            Expr::Lambda(it) => {
                // Its parameters hide whatever is called the same outside.
                self.context.scopes.push();
                if let Some(parameters) = &it.parameters {
                    self.parameters(parameters);
                }
                self.expression(&it.body);
                self.context.scopes.pop();
                Value::Unknown
            }
            Expr::ListComp(it) => self.comprehension(&it.generators, &[&it.elt]),
            Expr::SetComp(it) => self.comprehension(&it.generators, &[&it.elt]),
            Expr::Generator(it) => self.comprehension(&it.generators, &[&it.elt]),
            Expr::DictComp(it) => {
                let mut parts: Vec<&'a Expr> = it.key.iter().map(|key| &**key).collect();
                parts.push(&it.value);
                self.comprehension(&it.generators, &parts)
            }
            Expr::Yield(it) => it.value.iter().for_each_value(self),
            Expr::YieldFrom(it) => {
                self.expression(&it.value);
                Value::Unknown
            }
            Expr::Slice(it) => {
                let parts = [&it.lower, &it.upper, &it.step];
                parts.into_iter().flatten().for_each_value(self)
            }
            Expr::TString(_)
            | Expr::BytesLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => Value::Unknown,
        }
    }

    /// Without showing calls to the rules: it is looked at elsewhere.
    pub(super) fn quietly(&mut self, expression: &'a Expr) -> Value<'a> {
        let name = dotted(expression);
        match (expression, name) {
            (Expr::Name(it), _) => self.named(it.id.as_str()),
            (Expr::Attribute(it), Some(name)) => match self.bound(&name) {
                Some(value) => value,
                None => attribute(self.quietly(&it.value), it.attr.as_str()),
            },
            _ => Value::Unknown,
        }
    }

    fn each_of(&mut self, parts: &'a [Expr]) -> Value<'a> {
        for part in parts {
            self.expression(part);
        }
        Value::Unknown
    }

    fn named(&self, name: &str) -> Value<'a> {
        let bound = self.context.scopes.get(name).map(|it| it.value.clone());
        match bound {
            Some(Value::Unknown | Value::None) => {
                let known = self.known.get(&format!("global {name}"));
                let of_module = !self.context.scopes.is_local(name);
                known.filter(|_| of_module).cloned().or(bound)
            }
            bound => bound,
        }
        .unwrap_or_else(|| Value::name(name))
    }

    /// What a dotted name was bound to as a whole, here or in another method.
    fn bound(&self, name: &str) -> Option<Value<'a>> {
        if let Some(binding) = self.context.scopes.get(name) {
            return Some(binding.value.clone());
        }
        let class = self.class.filter(|_| name.starts_with("self."))?;
        self.known.get(&format!("{class}.{name}")).cloned()
    }

    fn f_string(&mut self, string: &'a ruff_python_ast::ExprFString) -> Value<'a> {
        let mut text = String::new();
        let mut whole = true;
        for part in string.value.iter() {
            let string = match part {
                FStringPart::Literal(literal) => {
                    text.push_str(literal.as_str());
                    continue;
                }
                FStringPart::FString(string) => string,
            };
            for element in &string.elements {
                match element {
                    InterpolatedStringElement::Literal(literal) => text.push_str(&literal.value),
                    InterpolatedStringElement::Interpolation(it) => {
                        match self.expression(&it.expression) {
                            Value::Text(inner) if it.format_spec.is_none() => {
                                text.push_str(&inner.text);
                                whole &= inner.whole;
                            }
                            _ => {
                                text.push_str("{}");
                                whole = false;
                            }
                        }
                    }
                }
            }
        }
        bounded_text(&text, whole)
    }

    fn item(&mut self, subscript: &'a ruff_python_ast::ExprSubscript) -> Value<'a> {
        let of = self.expression(&subscript.value);
        let key = self.expression(&subscript.slice);
        if let (Some(name), Some(key)) = (dotted(&subscript.value), key.as_text())
            && let Some(binding) = self.context.scopes.get(&format!("{name}[{key}]"))
        {
            return binding.value.clone();
        }
        let known = match (&of, &key) {
            (Value::Dict(dict), Value::Text(key)) if dict.whole => dict.get(&key.text).cloned(),
            (Value::List(list), Value::Int(at)) => usize::try_from(*at)
                .ok()
                .and_then(|at| list.items.get(at))
                .cloned(),
            _ => None,
        };
        known.unwrap_or_else(|| Value::part(of, None))
    }

    fn list(&mut self, items: &'a [Expr]) -> Value<'a> {
        let mut values = Vec::new();
        let mut whole = true;
        for item in items {
            if let Expr::Starred(_) = item {
                whole = false;
            }
            values.push(self.expression(item));
        }
        Value::list(values, whole)
    }

    fn dict(&mut self, dict: &'a ruff_python_ast::ExprDict) -> Value<'a> {
        let mut entries = Vec::new();
        let mut whole = true;
        for item in &dict.items {
            let Some(key) = &item.key else {
                let value = self.expression(&item.value);
                whole &= self.unpack(&item.value, &value, &mut entries);
                continue;
            };
            let key = self.expression(key);
            whole &= !key.is_unknown();
            let value = self.expression(&item.value);
            let range = item.value.range();
            entries.push(Entry { key, value, range });
        }
        Value::dict(entries, whole)
    }

    /// The entries of a dictionary, with those that were set later. False: there may be others.
    fn unpack(&self, expression: &Expr, value: &Value<'a>, entries: &mut Vec<Entry<'a>>) -> bool {
        let Some(dict) = value.as_dict() else {
            return false;
        };
        entries.extend(dict.entries.iter().cloned());
        if let Some(name) = dotted(expression) {
            for (key, value) in self.context.scopes.items(&name) {
                let key = Value::text(key, true);
                let range = expression.range();
                entries.retain(|it| it.key.as_text() != key.as_text());
                entries.push(Entry { key, value, range });
            }
        }
        dict.whole
    }

    fn comprehension(&mut self, generators: &'a [Comprehension], parts: &[&'a Expr]) -> Value<'a> {
        self.context.scopes.push();
        for generator in generators {
            self.expression(&generator.iter);
            self.assign(&generator.target, Value::Unknown);
            self.each_of(&generator.ifs);
        }
        self.context.loops += 1;
        let values: Vec<Value<'a>> = parts.iter().map(|it| self.expression(it)).collect();
        self.context.loops -= 1;
        self.context.scopes.pop();
        if let [value] = &values[..]
            && let [part] = parts
        {
            rules::collected(&mut self.context, value, part.range());
        }
        // One item stands for all of them.
        Value::list(values, false)
    }

    pub(super) fn augmented(&mut self, it: &'a StmtAugAssign) -> Value<'a> {
        let right = self.expression(&it.value);
        let left = self.expression(&it.target);
        operation(left, it.op, right)
    }

    fn call(&mut self, it: &'a ExprCall) -> Value<'a> {
        let callee = self.expression(&it.func);
        let on = match &*it.func {
            Expr::Attribute(attribute) => dotted(&attribute.value).map(Rc::from),
            _ => None,
        };
        let mut args = Vec::new();
        let mut left = Vec::new();
        for argument in &it.arguments.args {
            let value = self.expression(argument);
            if let Expr::Starred(_) = argument {
                left.push(arg(argument, value));
            } else {
                args.push(arg(argument, value));
            }
        }
        let mut keywords: Vec<Keyword<'a>> = Vec::new();
        for keyword in &it.arguments.keywords {
            let value = self.expression(&keyword.value);
            match &keyword.arg {
                Some(name) => keywords.push(Keyword {
                    name: name.as_str().into(),
                    arg: arg(&keyword.value, value),
                }),
                None => {
                    let mut entries = Vec::new();
                    if !self.unpack(&keyword.value, &value, &mut entries) {
                        left.push(arg(&keyword.value, value));
                    }
                    keywords.extend(entries.into_iter().filter_map(unpacked));
                }
            }
        }
        let values = args.iter().map(|it| &it.value);
        let named = keywords.iter().map(|it| &it.arg.value);
        let depth = deepest(values.chain(named).chain([&callee]));
        let call = Rc::new(Call {
            callee,
            on,
            said: said(&it.func),
            args,
            keywords,
            unpacked: left,
            range: it.range(),
            depth,
        });
        self.called(&call);
        self.change(&call);
        self.result(it, call)
    }

    /// What a method does to the list or dictionary that it is called on.
    fn change(&mut self, call: &Call<'a>) {
        let (Some(name), Some(method)) = (&call.on, call.method()) else {
            return;
        };
        if call.receiver().is_some_and(rules::is_opened_image) {
            // Whatever is done to an image reads it first.
            self.context.scopes.forget(name);
        }
        let Some(Value::Dict(_)) = call.receiver() else {
            return;
        };
        match method {
            "update" if call.args.is_empty() && call.unpacked.is_empty() => {
                let loops = self.context.loops;
                for keyword in &call.keywords {
                    let item = format!("{name}[{}]", keyword.name);
                    let value = keyword.arg.value.clone();
                    self.context.scopes.bind(&item, value, loops);
                }
            }
            "update" | "pop" | "setdefault" | "clear" | "popitem" => {
                self.context.scopes.forget(name);
            }
            _ => {}
        }
    }

    fn result(&mut self, it: &'a ExprCall, call: Rc<Call<'a>>) -> Value<'a> {
        if call.dotted() == Some("dict") && call.args.is_empty() {
            let entries = call.keywords.iter().map(|keyword| Entry {
                key: Value::text(&keyword.name, true),
                value: keyword.arg.value.clone(),
                range: keyword.arg.range,
            });
            return Value::dict(entries.collect(), call.unpacked.is_empty());
        }
        if let Some(Value::Text(text)) = call.receiver() {
            return match call.method() {
                Some("strip") => bounded_text(text.text.trim(), text.whole),
                Some("format" | "replace" | "join") => bounded_text(&text.text, false),
                _ => Value::Unknown,
            };
        }
        let returned = match &*it.func {
            Expr::Name(name) if is_here(&call) => self.known.get(&format!("{}()", name.id)),
            Expr::Attribute(attribute) if call.on.as_deref() == Some("self") => {
                let name = self.result_of(attribute.attr.as_str());
                self.known.get(&name)
            }
            _ => None,
        };
        match returned {
            Some(value) => value.clone(),
            None => Value::call(call),
        }
    }
}

fn is_here(call: &Call<'_>) -> bool {
    call.package() == Some(HERE)
}

/// Looks at each, whatever they stand for.
trait ForEachValue<'a> {
    fn for_each_value(self, reader: &mut Reader<'a>) -> Value<'a>;
}

impl<'a, I: Iterator<Item = &'a Box<Expr>>> ForEachValue<'a> for I {
    fn for_each_value(self, reader: &mut Reader<'a>) -> Value<'a> {
        for part in self {
            reader.expression(part);
        }
        Value::Unknown
    }
}

fn number<'a>(number: &Number) -> Value<'a> {
    match number {
        Number::Int(number) => number.as_i64().map_or(Value::Unknown, Value::Int),
        Number::Float(number) => Value::Float(*number),
        Number::Complex { .. } => Value::Unknown,
    }
}

fn attribute<'a>(of: Value<'a>, attribute: &str) -> Value<'a> {
    match of {
        Value::Name(name) if name.len() < 200 => Value::name(&format!("{name}.{attribute}")),
        other => Value::part(other, Some(attribute)),
    }
}

fn operation<'a>(left: Value<'a>, operator: Operator, right: Value<'a>) -> Value<'a> {
    match (operator, &left, &right) {
        (Operator::Add, Value::Text(a), Value::Text(b)) => {
            bounded_text(&format!("{}{}", a.text, b.text), a.whole && b.whole)
        }
        (Operator::Add, Value::Text(text), _) => bounded_text(&format!("{}{{}}", text.text), false),
        (Operator::Add, _, Value::Text(text)) => bounded_text(&format!("{{}}{}", text.text), false),
        (Operator::Mod, Value::Text(text), _) => bounded_text(&text.text, false),
        (Operator::Mult, Value::Int(a), Value::Int(b)) => {
            a.checked_mul(*b).map_or(Value::Unknown, Value::Int)
        }
        (Operator::Pow, Value::Int(a), Value::Int(b)) => {
            let power = u32::try_from(*b).ok().and_then(|b| a.checked_pow(b));
            power.map_or(Value::Unknown, Value::Int)
        }
        _ => Value::Unknown,
    }
}

/// A text that is put together from itself grows fast.
fn bounded_text<'a>(text: &str, whole: bool) -> Value<'a> {
    const LONGEST: usize = 16 << 10;
    if text.len() > LONGEST {
        Value::Unknown
    } else {
        Value::text(text, whole)
    }
}

fn arg<'a>(expression: &'a Expr, value: Value<'a>) -> Arg<'a> {
    Arg {
        value,
        said: said(expression),
        range: expression.range(),
    }
}

fn said(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

fn unpacked<'a>(entry: Entry<'a>) -> Option<Keyword<'a>> {
    let name = entry.key.as_text()?.into();
    let arg = Arg {
        value: entry.value,
        said: None,
        range: entry.range,
    };
    Some(Keyword { name, arg })
}
