"""JDASH voucher usage export."""
