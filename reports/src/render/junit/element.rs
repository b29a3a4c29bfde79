//! An element of XML. What stands in it is escaped, and comes without letters that XML forbids.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

#[derive(Debug, Clone)]
pub struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Elements(Vec<Element>),
    Text(String),
}

impl Element {
    pub fn new(name: &'static str) -> Element {
        Element {
            name,
            attributes: Vec::new(),
            content: Content::Elements(Vec::new()),
        }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Element {
        self.attributes.push((name, value.to_owned()));
        self
    }

    /// Instead of elements.
    #[must_use]
    pub fn text(mut self, text: &str) -> Element {
        self.content = Content::Text(text.to_owned());
        self
    }

    /// Into one that has no text.
    pub fn push(&mut self, element: Element) {
        if let Content::Elements(elements) = &mut self.content {
            elements.push(element);
        }
    }

    pub fn write(&self, out: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let attributes = self.attributes.iter();
        let start = BytesStart::new(self.name)
            .with_attributes(attributes.map(|(name, value)| (*name, value.as_str())));
        match &self.content {
            Content::Elements(elements) if elements.is_empty() => {
                return out.write_event(Event::Empty(start));
            }
            Content::Elements(elements) => {
                out.write_event(Event::Start(start))?;
                for element in elements {
                    element.write(out)?;
                }
            }
            Content::Text(text) => {
                out.write_event(Event::Start(start))?;
                out.write_event(Event::Text(BytesText::new(text)))?;
            }
        }
        out.write_event(Event::End(BytesEnd::new(self.name)))
    }
}
