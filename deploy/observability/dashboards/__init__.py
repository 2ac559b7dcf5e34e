"""The dashboards, as code: what a panel shows stands here once, and its place on the page is computed."""
