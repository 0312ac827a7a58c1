"""Invoices and statements for customers."""
