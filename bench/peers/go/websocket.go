package main

import (
	"context"
	"log"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
)

type updateMessage struct {
	Dashboard string  `json:"dashboard"`
	MemberID  string  `json:"member_id"`
	Increment float64 `json:"increment"`
}

type updateReply struct {
	Rank     int64   `json:"rank"`
	Score    float64 `json:"score"`
	MemberID string  `json:"member_id"`
}

var upgrader = websocket.Upgrader{}

// updates serves a socket in the goroutine of its handshake: read, update, write, one after the other.
func updates(boards board, gate gate) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := gate.check(c.Query("token")); err != nil {
			refuse(c, err)
			return
		}
		conn, err := upgrader.Upgrade(c.Writer, c.Request, nil)
		if err != nil {
			return // the upgrader has answered
		}
		defer conn.Close()
		if err := answer(c.Request.Context(), conn, boards); !leftQuietly(err) {
			log.Printf("websocket: %v", err)
		}
	}
}

func answer(ctx context.Context, conn *websocket.Conn, boards board) error {
	for {
		var message updateMessage
		if err := conn.ReadJSON(&message); err != nil {
			return err
		}
		place, err := boards.increment(ctx, message.Dashboard, message.MemberID, message.Increment)
		if err != nil {
			return err
		}
		reply := updateReply{Rank: place.rank, Score: place.score, MemberID: message.MemberID}
		if err := conn.WriteJSON(reply); err != nil {
			return err
		}
	}
}

func leftQuietly(err error) bool {
	return websocket.IsCloseError(
		err, websocket.CloseNormalClosure, websocket.CloseGoingAway, websocket.CloseAbnormalClosure,
	)
}
