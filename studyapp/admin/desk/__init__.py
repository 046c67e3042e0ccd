"""The pages of one study at the desk, one file each; `pages.PAGES` lists them."""
