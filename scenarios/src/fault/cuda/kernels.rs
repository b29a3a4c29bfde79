//! Kernels that go wrong, as PTX: the driver compiles it, so that no CUDA compiler is needed.

/// What every kernel here is called.
pub const NAME: &str = "fault";

const HEAD: &str = ".version 7.0\n.target sm_52\n.address_size 64\n";

fn kernel(parameters: &str, body: &str) -> String {
    format!("{HEAD}.visible .entry {NAME}({parameters})\n{{\n{body}\n ret;\n}}\n")
}

/// Four bytes to the address that it is given.
pub fn write() -> String {
    kernel(
        ".param .u64 to",
        " .reg .b32 %r<2>;\n .reg .b64 %rd<2>;\n ld.param.u64 %rd1, [to];\n mov.u32 %r1, 1;\n st.volatile.global.u32 [%rd1], %r1;",
    )
}

pub fn trap() -> String {
    kernel("", " trap;")
}

pub fn never_end() -> String {
    kernel("", "$again:\n bra.uni $again;")
}

/// What the compiler makes of `assert()`: the driver prints the text when the kernel has ended.
pub fn fail_assert() -> String {
    let text = |name: &str, text: &str| {
        let bytes: Vec<String> = text
            .bytes()
            .chain([0])
            .map(|byte| byte.to_string())
            .collect();
        format!(
            ".global .align 1 .b8 {name}[{}] = {{{}}};\n",
            bytes.len(),
            bytes.join(", ")
        )
    };
    let texts = [
        text("message", "index >= 0 && index < vocabulary"),
        text("file", "embedding.cu"),
        text("function", "embed"),
    ]
    .concat();
    let declaration = ".extern .func __assertfail(.param .b64 a, .param .b64 b, .param .b32 c, .param .b64 d, .param .b64 e);\n";
    let load = |register: &str, name: &str| {
        format!(" mov.u64 {register}, {name};\n cvta.global.u64 {register}, {register};\n")
    };
    let body = [
        " .reg .b64 %rd<4>;\n".to_owned(),
        load("%rd1", "message"),
        load("%rd2", "file"),
        load("%rd3", "function"),
        " {\n .param .b64 pa;\n st.param.b64 [pa], %rd1;\n .param .b64 pb;\n st.param.b64 [pb], %rd2;\n .param .b32 pc;\n st.param.b32 [pc], 47;\n .param .b64 pd;\n st.param.b64 [pd], %rd3;\n .param .b64 pe;\n st.param.b64 [pe], 1;\n call.uni __assertfail, (pa, pb, pc, pd, pe);\n }".to_owned(),
    ]
    .concat();
    kernel("", &body).replacen(HEAD, &format!("{HEAD}{declaration}{texts}"), 1)
}
