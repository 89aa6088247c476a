package main

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
)

type incrementBody struct {
	Increment *float64 `json:"increment" binding:"required"`
}

type incrementReply struct {
	MemberID string  `json:"member_id"`
	Rank     int64   `json:"rank"`
	Score    float64 `json:"score"`
}

// newEngine routes REST and the socket.
func newEngine(boards board, gate gate) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(gin.Recovery())
	api := engine.Group("/api/v1", requireToken(gate))
	api.POST("/dashboards/:dashboard/members/:member_id/increment", incrementScore(boards))
	engine.GET("/ws", updates(boards, gate))
	return engine
}

func requireToken(gate gate) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := gate.check(c.GetHeader("Authorization")); err != nil {
			refuse(c, err)
		}
	}
}

func refuse(c *gin.Context, err error) {
	code := http.StatusForbidden
	if errors.Is(err, errMissingToken) {
		code = http.StatusUnauthorized
	}
	c.AbortWithStatusJSON(code, gin.H{"error": err.Error()})
}

func incrementScore(boards board) gin.HandlerFunc {
	return func(c *gin.Context) {
		var body incrementBody
		if err := c.ShouldBindJSON(&body); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		member := c.Param("member_id")
		place, err := boards.increment(c.Request.Context(), c.Param("dashboard"), member, *body.Increment)
		if err != nil {
			c.JSON(http.StatusInternalServerError, gin.H{"error": "internal error"})
			return
		}
		c.JSON(http.StatusOK, incrementReply{MemberID: member, Rank: place.rank, Score: place.score})
	}
}
