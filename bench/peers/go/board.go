package main

import (
	"context"

	"github.com/redis/go-redis/v9"
)

const keyPrefix = "prod:"

// board updates the boards, each a sorted set.
type board struct {
	redis *redis.Client
}

// standing is a member's place, 1 for the highest score.
type standing struct {
	rank  int64
	score float64
}

// increment adds to a member's score and asks for its place, in two round trips.
func (b board) increment(ctx context.Context, name, member string, by float64) (standing, error) {
	key := keyPrefix + name
	score, err := b.redis.ZIncrBy(ctx, key, by, member).Result()
	if err != nil {
		return standing{}, err
	}
	above, err := b.redis.ZRevRank(ctx, key, member).Result()
	if err != nil {
		return standing{}, err
	}
	return standing{rank: above + 1, score: score}, nil
}
