"""What a study gives its paper: text, tables, references, checklists and screenshots."""
