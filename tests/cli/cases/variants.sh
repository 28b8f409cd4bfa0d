#!/usr/bin/env bash
# The variants there are, and what changes between two of them.
run variants
run variants --diff double-load parallel
run variants --diff single-load single-load
run variants --diff parallel double-load
