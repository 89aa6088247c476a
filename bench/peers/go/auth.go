package main

import (
	"crypto/subtle"
	"errors"
	"strings"
)

var (
	errMissingToken = errors.New("authentication token is required")
	errInvalidToken = errors.New("authentication token is invalid")
)

// gate admits those who have the token.
type gate struct {
	token []byte
}

// check takes a token with or without the scheme before it; empty means that none was given.
func (g gate) check(given string) error {
	if given == "" {
		return errMissingToken
	}
	given = strings.TrimPrefix(given, "Bearer ")
	if subtle.ConstantTimeCompare([]byte(given), g.token) != 1 {
		return errInvalidToken
	}
	return nil
}
