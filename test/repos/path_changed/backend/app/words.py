WORD = "changed"
MORE = "!"
