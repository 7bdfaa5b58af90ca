"""Pure decisions of payroll: values in, decision out."""
