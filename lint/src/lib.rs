//! The mistakes that look like crashes, found in what people write: Python call sites, and what
//! starts a service. From text to findings: nothing here runs, imports or opens what it reads about.

pub mod service;
