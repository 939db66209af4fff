fetch("/api/health").then((answer) => answer.json())
