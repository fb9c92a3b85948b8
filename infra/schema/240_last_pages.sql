-- A passage that goes over the end of a page is cited by both.
ALTER TABLE chunks ADD COLUMN last_page integer; -- where it ends; null: on the page where it begins
