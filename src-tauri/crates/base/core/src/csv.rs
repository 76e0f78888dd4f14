//! Lines of comma-separated values (RFC 4180) that spreadsheets read as they are meant.

/// A line with its end; fields are quoted where they must be, and never taken for a formula.
pub fn line<F: AsRef<str>>(fields: impl IntoIterator<Item = F>) -> String {
    let fields: Vec<String> = fields
        .into_iter()
        .map(|field| quoted(field.as_ref()))
        .collect();
    format!("{}\r\n", fields.join(","))
}

fn quoted(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '@', '\t', '\r'])
        || (field.starts_with('-') && field.parse::<f64>().is_err());
    let field = if formula {
        format!("'{field}")
    } else {
        field.to_owned()
    };
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_never_formulas() {
        let fields = ["plain", "a, b", "say \"hi\"", "=1+1", "-14.0", "-x"];
        assert_eq!(
            line(fields),
            "plain,\"a, b\",\"say \"\"hi\"\"\",'=1+1,-14.0,'-x\r\n"
        );
    }
}
